/** Whether the store works: learned from every save and load, asked again with backoff while it does not [P13]. */
import type { Clock } from "./clock.ts";
import type { Notify } from "./notices.ts";

/** What is known of a store. */
export interface StoreHealth {
  /** False from the first failure until a save works. */
  readonly healthy: boolean;
  /** A save worked. */
  works(): void;
  /** A save, a load or a listing failed. */
  fails(cause: unknown): void;
}

/** What it is made of. */
export interface StoreHealthParts {
  readonly clock: Clock;
  /** Tries the store; it ends in `works` or `fails`. */
  readonly probe: () => void;
  /** Called when the store works again. */
  readonly recovered: () => void;
  readonly notify: Notify;
}

const FIRST_PROBE_MS = 100;
const LAST_PROBE_MS = 5_000;

/** A store that nothing bad is known of. */
export function storeHealth({ clock, probe, recovered, notify }: StoreHealthParts): StoreHealth {
  let healthy = true;
  let probeDelayMs = FIRST_PROBE_MS;
  let probing = false;

  function probeLater(): void {
    probing = true;
    clock.schedule(probeDelayMs, () => {
      probing = false;
      probe();
    });
    probeDelayMs = Math.min(probeDelayMs * 2, LAST_PROBE_MS);
  }

  return {
    get healthy() {
      return healthy;
    },
    works() {
      const before = healthy;
      healthy = true;
      probeDelayMs = FIRST_PROBE_MS;
      if (before) return;
      notify({ kind: "store_working" });
      recovered();
    },
    fails(cause) {
      if (healthy) notify({ kind: "store_failing", cause });
      healthy = false;
      if (!probing) probeLater();
    },
  };
}
