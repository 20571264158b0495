/** An engine under an observer. */

import { memoryPersistence } from "../../src/memory-persistence.ts";
import type { ObserverEvent } from "../../src/observer.ts";
import type { SessionPersistence } from "../../src/persistence.ts";
import { type RecordingObserver, recordingObserver } from "../../src/testing/index.ts";
import { type Stage, type StageOptions, stage } from "../engine/stage.ts";

export interface Watched extends Stage {
  readonly observer: RecordingObserver;
  /** The events of these kinds, or of those that begin like this, so far. */
  told(...kinds: readonly string[]): readonly ObserverEvent[];
}

export function watched(options: Omit<StageOptions, "observer"> = {}): Watched {
  const observer = recordingObserver();
  const told = (...kinds: readonly string[]) => observer.events.filter(({ kind }) => kinds.some((begin) => kind.startsWith(begin)));
  return { ...stage({ ...options, observer }), observer, told };
}

/** What calls tell of themselves. */
export const CALLS = ["variable.", "session.call"];

/** Memory that outlives its engine, as a disk does. */
export const disk = (): SessionPersistence => {
  const memory = memoryPersistence();
  return { ...memory, capabilities: { ...memory.capabilities, survives: "power" } };
};

export const KEY = { tenant: "", id: "s" };
