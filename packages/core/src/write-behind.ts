/**
 * Acknowledged at once, saved in the background: a store whose `save` only takes note [P12]. What is not saved yet is seen by every load
 * and listing, so the manager works on it as on any other store. A crash loses at most what was acknowledged within the window, and
 * always the last of it, since it is saved in the order of acknowledgement.
 */
import { backlog } from "./backlog.ts";
import { listWithUnsaved } from "./backlog-listing.ts";
import { backlogSaver } from "./backlog-saver.ts";
import type { Clock } from "./clock.ts";
import type { Committer } from "./committer.ts";
import { keyText, sessionAfter, setBy, storedBefore } from "./deltas.ts";
import { InvalidArgumentError, LimitExceededError, StoreUnavailableError } from "./errors.ts";
import type { AnsweringDelta, SessionKey, SessionPersistence } from "./persistence.ts";
import { requestSightings } from "./request-sightings.ts";

/** How far the store may be behind; everything has a default. */
export interface WriteBehindOptions {
  /** Milliseconds of acknowledged changes that a crash may lose while the store works as fast as it should; 100. */
  readonly windowMs?: number | undefined;
  /** Bytes of changes that may wait for a store that fails or is slow; 64 MiB. Then mutations are refused. */
  readonly backlogBytes?: number | undefined;
  /** Milliseconds that a change may wait for such a store; 30,000. Then mutations are refused. */
  readonly backlogMs?: number | undefined;
}

/** A store that is behind. */
export interface WriteBehind extends SessionPersistence {
  /** Throws LimitExceededError OVERLOADED when the store is too far behind for another change. */
  admit(): void;
}

/** What it is made of. */
export interface WriteBehindParts {
  readonly options: WriteBehindOptions;
  readonly persistence: SessionPersistence;
  /** What saves go through in the background. */
  readonly committer: Committer;
  readonly clock: Clock;
}

/** What holds when nothing is configured. */
export const DEFAULT_WRITE_BEHIND = { windowMs: 100, backlogBytes: 64 * 1024 * 1024, backlogMs: 30_000 } satisfies WriteBehindOptions;

const NONE: ReadonlySet<AnsweringDelta> = new Set();

/** How long a stop tries to save what is left. */
const DRAIN_MS = 5_000;

/** Puts a backlog before a store. `close` rejects with StoreUnavailableError when something acknowledged could not be saved. */
export function writeBehind({ options, persistence, committer, clock }: WriteBehindParts): WriteBehind {
  const { shared, survives } = persistence.capabilities;
  if (shared || survives === "nothing") {
    throw new InvalidArgumentError("INVALID_ARGUMENT", "write-behind needs a store of its own that keeps what it is given");
  }
  const { windowMs, backlogBytes, backlogMs } = withDefaults(options);
  const unsaved = backlog();
  // A save that begins after a quarter of the window has the rest of it to end.
  const saver = backlogSaver({ backlog: unsaved, persistence, committer, clock, delayMs: windowMs / 4 });

  const findRequest = persistence.findRequest?.bind(persistence);
  const sightings = requestSightings();

  /** Nearly every request is new, and then the store is not asked. */
  async function rememberedOf(deltas: readonly AnsweringDelta[]): Promise<ReadonlySet<AnsweringDelta>> {
    const asked = deltas.filter(({ request, nowMs }) => request !== undefined && sightings.maybe(request.requestId, nowMs));
    if (asked.length === 0) return NONE;
    const found = await Promise.all(asked.map(isRemembered));
    return new Set(asked.filter((_, i) => found[i]));
  }

  /** A store that cannot tell stops nobody: a client that sends a change again says so, and is answered after a look in any case. */
  async function isRemembered({ key, request, nowMs }: AnsweringDelta): Promise<boolean> {
    if (request === undefined) return false;
    if (unsaved.request(key, request.requestId)) return true;
    const found = await findRequest?.(key, request.requestId, nowMs).catch(() => undefined);
    return found?.request !== undefined;
  }

  function admit(): void {
    if (unsaved.sizeBytes >= backlogBytes) throw tooFarBehind("backlogBytes", backlogBytes, unsaved.sizeBytes);
    // Not since a change came: a machine that slept for an hour has a store that works.
    const waitingMs = saver.tryingSinceMs === undefined ? 0 : clock.monotonic() - saver.tryingSinceMs;
    if (waitingMs >= backlogMs) throw tooFarBehind("backlogMs", backlogMs, Math.round(waitingMs));
  }

  return {
    // What a fork copies may wait here to be saved.
    capabilities: { ...persistence.capabilities, sections: persistence.capabilities.sections.filter((section) => section !== "fork") },
    admit,
    async open() {
      const opened = await persistence.open();
      sightings.began(opened.lastNowMs);
      return opened;
    },
    async load(key) {
      const deltas = unsaved.of(key);
      return sessionAfter(await storedBefore(persistence, key, deltas), deltas);
    },
    async loadValues(key, refs) {
      const values = new Map<string, Uint8Array | undefined>();
      for (const variable of unsaved.of(key).flatMap(setBy)) {
        if (refs.some(({ name, revision }) => name === variable.name && revision === variable.revision)) {
          values.set(variable.name, variable.bytes);
        }
      }
      const others = refs.filter(({ name }) => !values.has(name));
      if (others.length > 0) for (const [name, bytes] of await persistence.loadValues(key, others)) values.set(name, bytes);
      return values;
    },
    async save(deltas) {
      const remembered = await rememberedOf(deltas);
      const conflicted = new Set<string>();
      return deltas.map((delta) => {
        if (remembered.has(delta) || (delta.kind !== "extend" && conflicted.has(keyText(delta.key)))) {
          conflicted.add(keyText(delta.key));
          return "conflict";
        }
        if (delta.request !== undefined) sightings.add(delta.request.requestId, delta.nowMs);
        unsaved.add(delta, clock.monotonic());
        saver.wake();
        return "saved";
      });
    },
    ...(findRequest && {
      async findRequest(key: SessionKey, requestId: string, nowMs: number) {
        const request = unsaved.request(key, requestId);
        return request === undefined ? findRequest(key, requestId, nowMs) : { request, rememberedSinceMs: nowMs };
      },
    }),
    listSessions: (query) => listWithUnsaved(persistence, unsaved, query),
    async due(nowMs, limit) {
      // What is not saved yet is looked at when it is.
      const behind = new Set(unsaved.keys().map(keyText));
      const due = await persistence.due(nowMs, limit + behind.size);
      return due.filter(({ key }) => !behind.has(keyText(key))).slice(0, limit);
    },
    async close() {
      await saver.drain(DRAIN_MS);
      await persistence.close();
      if (unsaved.length > 0) {
        throw new StoreUnavailableError(`${unsaved.length} acknowledged changes could not be saved`, { outcome: "unknown" });
      }
    },
  };
}

const withDefaults = ({ windowMs, backlogBytes, backlogMs }: WriteBehindOptions) => ({
  windowMs: windowMs ?? DEFAULT_WRITE_BEHIND.windowMs,
  backlogBytes: backlogBytes ?? DEFAULT_WRITE_BEHIND.backlogBytes,
  backlogMs: backlogMs ?? DEFAULT_WRITE_BEHIND.backlogMs,
});

const tooFarBehind = (limit: string, limitValue: number, actual: number): LimitExceededError =>
  new LimitExceededError("OVERLOADED", "the store is too far behind to take another change", { details: { limit, limitValue, actual } });
