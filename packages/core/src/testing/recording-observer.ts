/** An observer that remembers, for tests of what telemetry is told. */
import type { ObserverEvent, SessionObserver } from "../observer.ts";

/** An observer with everything it was told, oldest first. */
export interface RecordingObserver extends SessionObserver {
  readonly events: readonly ObserverEvent[];
  /** Forgets what it was told so far. */
  clear(): void;
}

/** An observer that has been told nothing yet. */
export function recordingObserver(): RecordingObserver {
  const events: ObserverEvent[] = [];
  return {
    events,
    observe(event) {
      events.push(event);
    },
    clear() {
      events.length = 0;
    },
  };
}
