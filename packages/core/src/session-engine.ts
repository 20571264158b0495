/** The sessions of one store: opens it, keeps their order and their time, and hands out the ports that everybody uses. */
import { type Clock, type Random, steadyNow } from "./clock.ts";
import { type Committer, committer } from "./committer.ts";
import type { ConstraintValidator } from "./constraints/constraint.ts";
import { crowding } from "./crowding.ts";
import { enginePort, type OpenEngine } from "./engine-port.ts";
import { BridgeClosedError, BridgeError, StoreUnavailableError } from "./errors.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { memoryPersistence } from "./memory-persistence.ts";
import { type Notify, notifier } from "./notices.ts";
import { observedLoads } from "./observed-loads.ts";
import { observedPort } from "./observed-port.ts";
import { type ObserverEvent, type SessionObserver, teller } from "./observer.ts";
import type { SessionPersistence } from "./persistence.ts";
import type { FeedBounds } from "./session-feed.ts";
import { SessionTurns } from "./session-turns.ts";
import { storeHealth } from "./store-health.ts";
import { startSweeper } from "./sweeper.ts";
import { systemClock, systemRandom } from "./system.ts";
import type { LocalPort } from "./watch-port.ts";
import { type WriteBehindOptions, writeBehind } from "./write-behind.ts";

/** What an engine is made of; everything has a default. */
export interface EngineOptions {
  /** Memory only when left out. */
  readonly persistence?: SessionPersistence | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly observer?: SessionObserver | undefined;
  /** Acknowledges at once and saves in the background; left out, nothing is acknowledged before it is saved. */
  readonly writeBehind?: WriteBehindOptions | undefined;
  /** Understands the schemas of declared variables; loaded when there are some. */
  readonly constraints?: (() => Promise<ConstraintValidator>) | undefined;
  /** Told what whoever runs the engine should hear of, such as a store that fails. */
  readonly notify?: Notify | undefined;
  /** How much is kept of what watched sessions go through; for tests. */
  readonly feedBounds?: FeedBounds | undefined;
}

/** The sessions in memory, those that are being looked for included, and what they are counted as against `memoryBytes`. */
export interface EngineMemory {
  readonly sessions: number;
  /** Undefined where sessions have no other place to be than memory. */
  readonly bytes: number | undefined;
}

/** The sessions of one store, behind one port per tenant. */
export interface SessionEngine {
  readonly limits: Limits;
  /** Opens the store; calls that come before it has ended wait for it. Rejects when the store cannot be opened. */
  open(): Promise<void>;
  port(tenant: string): LocalPort;
  /** False while the store fails; it turns true again without a restart. */
  readonly healthy: boolean;
  /** What is in memory at this moment. */
  readonly memory: EngineMemory;
  /**
   * Waits for what is being committed, then closes the store. Later calls fail with BridgeClosedError. Rejects with StoreUnavailableError
   * when changes that were acknowledged before they were saved could not be saved.
   */
  close(): Promise<void>;
}

/** Makes an engine; the store is opened by `open`, or by the first call. */
export function sessionEngine(options: EngineOptions = {}): SessionEngine {
  const store = options.persistence ?? memoryPersistence();
  const limits: Limits = {
    ...DEFAULT_LIMITS,
    ...options.limits,
    ...(!store.capabilities.sections.includes("history") && { historyEntries: 0 }),
  };
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const constraints = options.constraints ?? (async () => (await import("./constraints/index.ts")).constraintValidator);
  /** Undefined when nobody watches: then no event is made, and no call is wrapped. */
  const tell = teller(options.observer);

  let opening: Promise<OpenEngine> | undefined;
  let opened: OpenEngine | undefined;
  let closing: Promise<void> | undefined;
  let stopSweeper = () => {};

  /** Only a store that keeps nothing bounds its sessions: it has nowhere to put them but memory. */
  const maxSessions = store.capabilities.survives === "nothing" ? limits.memorySessions : undefined;
  const crowded = tell && maxSessions !== undefined ? crowding(tell, maxSessions) : undefined;

  const notify = notifier(options.notify);
  const health = storeHealth({
    clock,
    notify,
    probe: () => void (closing || saves.probe()),
    recovered: () => void (closing || opened?.turns.reloadWatched()),
  });
  const saves: Committer = committer({ persistence: store, clock, tell, health });
  const behind = options.writeBehind && writeBehind({ options: options.writeBehind, persistence: store, committer: saves, clock });
  const persistence = behind ?? store;
  // What the store takes note of in memory is no save that anybody wants to hear of.
  const committed = behind ? committer({ persistence: behind, clock, tell: undefined, health: undefined }) : saves;

  async function openStore(): Promise<OpenEngine> {
    const { lastNowMs, lastDeletedRevision } = await persistence.open();
    const now = steadyNow(clock, lastNowMs, notify);
    const floor = { revision: lastDeletedRevision };
    const turns: SessionTurns = new SessionTurns({
      persistence: tell ? observedLoads(persistence, tell, clock) : persistence,
      committer: committed,
      clock,
      now,
      floor,
      memoryBytes: maxSessions === undefined ? limits.memoryBytes : undefined,
      limits,
      validator: constraints,
      watchLimits: { ...limits, bounds: options.feedBounds },
      onLoadFailed: health.fails,
      tell:
        tell &&
        ((event: ObserverEvent) => {
          // Asked first: what an observer does to an event is its own business.
          const isOfSession = event.kind.startsWith("session.");
          tell(event);
          if (isOfSession) crowded?.(turns.size);
        }),
    });
    stopSweeper = startSweeper({ persistence, turns, clock, now, tell });
    // A store that survives nothing has just begun to remember.
    const rememberedSinceMs = persistence.capabilities.survives === "nothing" ? now() : 0;
    opened = { turns, now, floor, rememberedSinceMs, isClosing: () => closing !== undefined };
    return opened;
  }

  /** The open engine, at once when it is. */
  function ready(): OpenEngine | Promise<OpenEngine> {
    if (closing) throw closed();
    if (opened) return opened;
    opening ??= openStore().catch((cause: unknown) => {
      opening = undefined;
      throw cause instanceof BridgeError ? cause : new StoreUnavailableError(openFailure(cause), { cause });
    });
    return opening;
  }

  async function close(): Promise<void> {
    const engine = await opening?.catch(() => undefined);
    stopSweeper();
    engine?.turns.endWatches(closed());
    await engine?.turns.idle();
    await persistence.close();
  }

  return {
    limits,
    async open() {
      await ready();
    },
    port(tenant) {
      const port = enginePort({
        tenant,
        ready,
        limits,
        maxSessions,
        persistence,
        clock,
        random,
        validator: constraints,
        admit: behind?.admit,
        onStoreFailed: health.fails,
      });
      return tell ? observedPort(port, { tenant, tell, clock }) : port;
    },
    get healthy() {
      return health.healthy;
    },
    get memory() {
      return { sessions: opened?.turns.size ?? 0, bytes: opened?.turns.weightBytes };
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

const closed = (): BridgeClosedError => new BridgeClosedError("the session manager is closed");
const openFailure = (cause: unknown): string => `the store cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`;
