/** One life of the process that runs the engine: its clock stops when it dies, and nothing of it goes on. */
import type { Clock, Random } from "../../src/clock.ts";
import { constraintValidator } from "../../src/constraints/index.ts";
import type { SessionPersistence } from "../../src/persistence.ts";
import { type EngineOptions, type SessionEngine, sessionEngine } from "../../src/session-engine.ts";
import type { SessionPort } from "../../src/session-port.ts";
import { CHECKPOINTS_PER_SESSION, DEFAULT_TTL_MS, VARIABLES_PER_SESSION } from "./bounds.ts";

/** At hand: to be imported takes a time that no seed decides. */
const constraints = async () => constraintValidator;

export interface Process {
  readonly engine: SessionEngine;
  readonly port: SessionPort;
  /** The engine's now; -Infinity before its store is open. */
  nowMs(): number;
  /** The store was opened and remembers this now. */
  opened(lastNowMs: number): void;
  kill(): void;
}

export function startProcess(persistence: SessionPersistence, clock: Clock, random: Random, more: EngineOptions = {}): Process {
  let alive = true;
  let lastMs = Number.NEGATIVE_INFINITY;
  let atMs = 0;
  const nowMs = (): number => Math.floor(lastMs + (clock.monotonic() - atMs));

  /** Only the engine's `now` asks for the wall clock, so that its value is known here, too. */
  const watched: Clock = {
    now() {
      lastMs = Math.max(clock.now(), lastMs + (clock.monotonic() - atMs));
      atMs = clock.monotonic();
      return clock.now();
    },
    monotonic: () => clock.monotonic(),
    schedule: (delayMs, fn) =>
      clock.schedule(delayMs, () => {
        if (alive) fn();
      }),
  };
  // Room for one session or two, so that they leave and come back all the time.
  const limits = {
    ...{ defaultTtlMs: DEFAULT_TTL_MS, variablesPerSession: VARIABLES_PER_SESSION, checkpointsPerSession: CHECKPOINTS_PER_SESSION },
    ...{ memoryBytes: 4_000, ...more.limits },
  };
  const engine = sessionEngine({ persistence, clock: watched, random, constraints, ...more, limits });
  return {
    engine,
    port: engine.port(""),
    nowMs,
    opened(lastNowMs) {
      lastMs = Math.max(lastNowMs, nowMs());
      atMs = clock.monotonic();
    },
    kill() {
      alive = false;
    },
  };
}
