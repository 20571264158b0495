/** Says in time that a manager without a store will refuse new sessions soon. */
import type { Tell } from "./observer.ts";

const CROWDED = 0.8;
const UNCROWDED = 0.7;

/** Is to be called with how many sessions there are; tells once at 80 % of `limit`, and again after there were fewer than 70 %. */
export function crowding(tell: Tell, limit: number): (sessions: number) => void {
  let crowded = false;
  return (sessions) => {
    if (!crowded && sessions >= limit * CROWDED) {
      crowded = true;
      tell({ kind: "sessions.crowded", sessions, limit });
    } else if (crowded && sessions < limit * UNCROWDED) crowded = false;
  };
}
