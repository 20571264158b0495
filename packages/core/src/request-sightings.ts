/** Which requests have come by lately, in a few bits each: "never" is certain, "maybe" has to be looked up. */
import { REQUEST_MEMORY_MS } from "./persistence.ts";

/** Requests of a store that nobody else changes. */
export interface RequestSightings {
  /** What was remembered until this moment may be anything; 0 for a store in which there is nothing. */
  began(lastNowMs: number): void;
  /** A request is remembered from now on. */
  add(requestId: string, nowMs: number): void;
  /** False only when the store cannot have remembered the request at `nowMs`. */
  maybe(requestId: string, nowMs: number): boolean;
}

/** 2 MiB: a million requests in ten minutes are mistaken for others once in a hundred times. */
const WORDS = 2 ** 19;

/** Before anything came by. */
export function requestSightings(): RequestSightings {
  let current: Uint32Array | undefined;
  let previous: Uint32Array | undefined;
  let sinceMs = 0;
  let unknownUntilMs = Number.POSITIVE_INFINITY;

  /** Each half takes what comes in at least as long as a request is remembered, so that nothing is dropped before its time. */
  function turn(nowMs: number): void {
    if (nowMs < sinceMs + REQUEST_MEMORY_MS) return;
    previous = nowMs < sinceMs + 2 * REQUEST_MEMORY_MS ? current : undefined;
    current = undefined;
    sinceMs = nowMs;
  }

  return {
    began(lastNowMs) {
      unknownUntilMs = lastNowMs === 0 ? 0 : lastNowMs + REQUEST_MEMORY_MS;
    },
    add(requestId, nowMs) {
      turn(nowMs);
      current ??= new Uint32Array(WORDS);
      for (const bit of bitsOf(requestId)) current[bit >>> 5] = (current[bit >>> 5] as number) | (1 << (bit & 31));
    },
    maybe(requestId, nowMs) {
      if (nowMs < unknownUntilMs) return true;
      turn(nowMs);
      const bits = bitsOf(requestId);
      return [current, previous].some((half) => half && bits.every((bit) => ((half[bit >>> 5] as number) >>> (bit & 31)) & 1));
    },
  };
}

/** Two places for a text, by FNV-1a with two beginnings. */
function bitsOf(text: string): readonly [number, number] {
  let [a, b] = [0x811c9dc5, 0x5bd1e995];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x01000193);
  }
  return [mixed(a), mixed(b)];
}

/** The upper bits of FNV are the better ones. */
const mixed = (hash: number): number => ((hash ^ (hash >>> 15)) >>> 0) % (WORDS * 32);
