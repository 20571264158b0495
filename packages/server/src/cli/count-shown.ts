import type { CommandIo } from "./io.ts";

const SHOWN_EVERY_MS = 100;

/** Progress of something whose end is not known, told ten times a second at most. */
export function countShown(io: CommandIo, verb: string): (sessions: number, variables: number) => void {
  let nextMs = 0;
  return (sessions, variables) => {
    const nowMs = performance.now();
    if (nowMs < nextMs) return;
    nextMs = nowMs + SHOWN_EVERY_MS;
    io.showProgress(`${verb} ${sessions} sessions, ${variables} variables`);
  };
}
