/** The port of the sessions in this process: checks what is asked, takes turns for changes, and reads committed heads directly. */
import { base64url } from "./base64url.ts";
import type { Clock, Random, SteadyNow } from "./clock.ts";
import { closable } from "./closable.ts";
import type { ConstraintValidator } from "./constraints/constraint.ts";
import { extensionMs } from "./deadline.ts";
import { checkAtRevision, performFork } from "./engine-fork.ts";
import { checkHistoryPage, checkpointInfos, declarationsOf, historyAnswer, historyDue, historyPage, valuesOf } from "./engine-past.ts";
import { accessStep, createStep, deleteStep, type Take, touchStep, updateStep } from "./engine-steps.ts";
import { checkWatch, type EngineWatchParts, engineWatch } from "./engine-watch.ts";
import {
  BridgeError,
  DataLossError,
  InvalidArgumentError,
  SessionNotFoundError,
  StoreUnavailableError,
  UnsupportedError,
} from "./errors.ts";
import { awayOf } from "./kept-variable.ts";
import type { Limits } from "./limits.ts";
import { checkHistoryEntries, checkLabels, checkName, checkPrefix, checkSessionId, checkTtlMs, sessionTtlMs } from "./names.ts";
import type { FoundRequest, SessionKey, SessionPersistence, SessionSummary, StoredVariable } from "./persistence.ts";
import { performOnce } from "./repeated-calls.ts";
import { anyDue, checkSelection, countedDue, living, select, sessionDue, variableDue, variableInfo } from "./selections.ts";
import { FETCH_TRIES, valueMissing } from "./session-loads.ts";
import type {
  CallOptions,
  CheckpointListing,
  DeclarationListing,
  MutationCall,
  Operation,
  Selection,
  SessionDefaults,
  SessionInfo,
  Update,
  VariableHistory,
  VariableListing,
  VariableReading,
  VariablesReading,
} from "./session-port.ts";
import { type Head, sessionInfo, type Turn } from "./session-state.ts";
import type { SessionTurns } from "./session-turns.ts";
import { iterated } from "./subscription.ts";
import { type Prepared, prepareUpdate, readsOf } from "./update.ts";
import { isDue } from "./variable-store.ts";
import { countdown, within } from "./waiting.ts";
import type { LocalPort, WatchRequest } from "./watch-port.ts";
import { seen, type Witnessed, witnessed } from "./witness.ts";

/** An engine whose store is open. */
export interface OpenEngine {
  readonly turns: SessionTurns;
  /** The one `now` of the laws. */
  readonly now: SteadyNow;
  /** The revision that new sessions start above. */
  readonly floor: { revision: number };
  /** Nothing that was answered before this is remembered, whatever the store says. */
  readonly rememberedSinceMs: number;
  /** Whether the engine is being closed, so that nothing new may be saved. */
  readonly isClosing: () => boolean;
}

/** What a port is made of. */
export interface PortParts {
  readonly tenant: string;
  /** The open engine, at once when it is. Throws BridgeClosedError. */
  readonly ready: () => OpenEngine | Promise<OpenEngine>;
  readonly limits: Limits;
  /** How many sessions there may be; undefined when the store does not keep them in memory. */
  readonly maxSessions: number | undefined;
  readonly persistence: SessionPersistence;
  readonly clock: Clock;
  readonly random: Random;
  /** What understands the schemas of declared variables. */
  readonly validator: () => Promise<ConstraintValidator>;
  /** Throws when no further change can be taken; asked at the turn of each mutation. */
  readonly admit: (() => void) | undefined;
  /** Told when a listing fails in the store. */
  readonly onStoreFailed: (cause: unknown) => void;
}

/** What was read of a session at one moment. */
interface Reading<W = never> {
  readonly engine: OpenEngine;
  readonly head: Head | undefined;
  readonly nowMs: number;
  /** What the read wants, whose values are here; nothing when there is no session. */
  readonly wanted: readonly W[];
}

/** What a read is made of. */
interface Read<T, W extends StoredVariable | undefined> {
  /** Whether something that would be read is due. */
  readonly due: (head: Head, nowMs: number) => boolean;
  /** The variables whose values the answer carries. */
  readonly wants?: (head: Head, nowMs: number) => readonly W[];
  readonly answer: (reading: Reading<W>) => T;
}

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1_000;

/** Makes the port of one tenant. */
export function enginePort(parts: PortParts): LocalPort {
  const { tenant, ready, limits, maxSessions, persistence, clock, random, validator, admit, onStoreFailed } = parts;
  const { sections } = persistence.capabilities;

  const keyOf = (id: string): SessionKey => {
    checkSessionId(id);
    return { tenant, id };
  };
  /** Waits for the store to be open, no longer than the call does, and leaves `use` what is left of its time. */
  const withEngine = <C extends CallOptions, T>(call: C, use: (engine: OpenEngine, call: C) => T | Promise<T>): T | Promise<T> => {
    const engine = ready();
    if (!(engine instanceof Promise)) return use(engine, call);
    const left = countdown(clock, call);
    // Asked again, since it may have been closed meanwhile.
    return within(clock, call, engine).then(async () => use(await ready(), left()));
  };
  const watchParts = (sessionId: string, request: WatchRequest): EngineWatchParts => {
    const key = keyOf(sessionId);
    checkSelection(request.selection);
    checkWatch(request);
    return { key, request, ready, stored, select, shared: persistence.capabilities.shared, clock };
  };
  const newSession = (defaults: SessionDefaults | undefined) => ({
    ttlMs: sessionTtlMs(defaults?.ttl, limits),
    labels: checkLabels(defaults?.labels),
  });

  /**
   * Answers from the committed head: at once when it is known, nothing that would be read is due and all wanted values are here; else after
   * the turn that loads it and commits what is due, and after the store was asked for the values.
   */
  function read<T, W extends StoredVariable | undefined = never>(
    key: SessionKey,
    call: CallOptions & Witnessed,
    { due, wants, answer }: Read<T, W>,
  ): T | Promise<T> {
    return withEngine(call, (engine, remaining) => {
      const nowMs = engine.now();
      const left = countdown(clock, remaining);
      const readingOf = (head: Head | undefined): Reading<W> => ({
        engine,
        head,
        nowMs,
        wanted: head === undefined || wants === undefined ? [] : wants(head, nowMs),
      });
      const whenHere = (reading: Reading<W>, tries: number): T | Promise<T> => {
        const away = awayOf(reading.wanted);
        if (away.length === 0) return seen(call, reading, answer);
        if (tries === 0) throw valueMissing(persistence.capabilities.shared, away[0]?.name ?? "");
        return within(clock, left(), stored(engine.turns.fetch(key, away))).then((complete) => {
          if (complete) return whenHere(reading, tries);
          // The store of a closed engine is not asked again.
          void ready();
          engine.turns.outdated(key);
          return afterTurn(tries - 1);
        });
      };
      const afterTurn = async (tries: number): Promise<T> => {
        // The head of the turn, which is committed by now; the session itself may have left memory again.
        const head = await engine.turns.perform(key, left(), (judged) => ({ answer: judged }));
        return whenHere(readingOf(head), tries);
      };
      const state = engine.turns.peek(key);
      const head = state?.committed;
      const known = state !== undefined && (head === undefined || !(isDue(head.record, nowMs) || due(head, nowMs)));
      if (!known) return engine.turns.whileKept(key, () => afterTurn(FETCH_TRIES));
      const reading = readingOf(head);
      if (awayOf(reading.wanted).length === 0) return seen(call, reading, answer);
      return engine.turns.whileKept(key, async () => whenHere(reading, FETCH_TRIES));
    });
  }

  /** An access: moves the deadline later when it is time to, and makes nobody wait. */
  function access({ engine, head }: Pick<Reading, "engine" | "head">, key: SessionKey): void {
    // The moment of the answer: a read may have waited long.
    if (head === undefined || extensionMs(head.record, engine.now()) === undefined || engine.isClosing()) return;
    const step = accessStep(key);
    // When the store fails, whoever writes next is told; a read is answered all the same.
    if (!engine.turns.extend(key, step)) engine.turns.perform(key, {}, step).catch(() => {});
  }

  function getVariables(sessionId: string, selection: Selection, call: CallOptions) {
    const key = keyOf(sessionId);
    checkSelection(selection);
    const answer = (reading: Reading<StoredVariable>): VariablesReading => {
      if (reading.wanted.length > 0) access(reading, key);
      return { variables: reading.wanted, sessionRevision: reading.head?.record.revision ?? 0 };
    };
    return read(key, call, { due: anyDue(selection), wants: (head, nowMs) => select(head, selection, nowMs), answer });
  }

  /** What the store answers; its failure is told to the engine, and to the caller as a BridgeError. */
  const stored = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((cause: unknown) => {
      onStoreFailed(cause);
      throw cause instanceof BridgeError ? cause : new StoreUnavailableError("the store failed while it was asked", { cause });
    });

  /** Changes a session, once for each call however often it is sent. */
  function change<T>(
    engine: OpenEngine,
    key: SessionKey,
    call: MutationCall & Witnessed,
    step: Take<T>,
    reads?: Turn["reads"],
  ): Promise<T> {
    const { request, witness, timeoutMs, signal, trace } = call;
    const allowed = admit === undefined ? step : admitted(admit, step);
    const take = witness === undefined ? allowed : witnessed(allowed, witness);
    const { findRequest } = persistence;
    if (request === undefined || findRequest === undefined) return engine.turns.perform(key, call, take, { reads });
    const left = countdown(clock, { timeoutMs, signal, trace });
    const find = async (patience: CallOptions): Promise<FoundRequest> => {
      const found = await within(clock, patience, stored(findRequest.call(persistence, key, request.id, engine.now())));
      // What was sent before the clock leapt is older than its sender can know.
      return { ...found, rememberedSinceMs: Math.max(found.rememberedSinceMs, engine.rememberedSinceMs, engine.now.leaptAtMs) };
    };
    return engine.turns.untilIdle(performOnce({ turns: engine.turns, key, left, request, find, now: engine.now, reads }, take));
  }

  async function summaryInfo(engine: OpenEngine, summary: SessionSummary): Promise<SessionInfo | undefined> {
    const { key, record, dueAtMs } = summary;
    const nowMs = engine.now();
    const known = engine.turns.peek(key)?.committed;
    // The store may be ahead of what readers see, and either of them behind the clock.
    const due = (dueAtMs !== undefined && dueAtMs <= nowMs) || (known !== undefined && sessionDue(known, nowMs));
    if (due) {
      const head = await engine.turns.expire(key, record);
      return head && sessionInfo(key.id, head.record);
    }
    const state = engine.turns.peek(key);
    return state === undefined ? sessionInfo(key.id, record) : state.committed && sessionInfo(key.id, state.committed.record);
  }

  return {
    getVariable(sessionId, name, call) {
      const key = keyOf(sessionId);
      checkName(name);
      return read(key, call, {
        due: (head, nowMs) => variableDue(head, name, nowMs),
        // Whether a name is missing can be told only when no variable of the session is damaged: a damaged one may have been it.
        wants: ({ store }) => (store.has(name) ? [store.variable(name)] : store.suspects()),
        answer(reading): VariableReading {
          const variable = living(reading.head?.store.variable(name), reading.nowMs);
          if (variable === undefined && reading.head?.store.suspects().length) throw mayBeLost(name);
          if (variable !== undefined) access(reading, key);
          return { variable, sessionRevision: reading.head?.record.revision ?? 0 };
        },
      });
    },

    getVariables,

    listVariables(sessionId, prefix, call) {
      const key = keyOf(sessionId);
      checkPrefix(prefix);
      const answer = ({ head, nowMs }: Reading): VariableListing => ({
        variables: head === undefined ? [] : select(head, { prefix }, nowMs).map(variableInfo),
        sessionRevision: head?.record.revision ?? 0,
      });
      return read(key, call, { due: anyDue({ prefix }), answer });
    },

    update(sessionId, update, call) {
      const key = keyOf(sessionId);
      checkKept(update, sections);
      const perform = (operations: readonly Prepared[], remaining: MutationCall) => {
        const creation = newSession(update.defaults);
        return withEngine(remaining, (engine, left) => {
          const step = updateStep({ key, update, operations, creation, limits, maxSessions, engine });
          return change(engine, key, left, step, (head) => readsOf(operations, head));
        });
      };
      if (!update.operations.some(({ kind }) => kind === "declare")) return perform(prepareUpdate(update, limits), call);
      const left = countdown(clock, call);
      return validator().then((understood) => perform(prepareUpdate(update, limits, understood), left()));
    },

    async createSession(session, call) {
      const key = keyOf(session.id ?? base64url(random.bytes(16)));
      const historyEntries = session.historyEntries === undefined ? undefined : checkHistoryEntries(session.historyEntries);
      if (historyEntries && !sections.includes("history")) throw notKept("history");
      const creation = { ...newSession(session), historyEntries };
      const maxLifeMs = session.maxLifeMs === undefined ? undefined : checkTtlMs(session.maxLifeMs);
      return withEngine(call, (engine, remaining) =>
        change(engine, key, remaining, createStep({ key, creation, maxLifeMs, maxSessions, engine })),
      );
    },

    async getSession(sessionId, call) {
      const key = keyOf(sessionId);
      const answer = ({ head }: Reading): SessionInfo => {
        if (head === undefined) throw notFound(sessionId);
        return sessionInfo(sessionId, head.record);
      };
      return read(key, call, { due: countedDue, answer });
    },

    async listSessions(filter, page, call) {
      const prefix = filter.prefix ?? "";
      if (prefix !== "") checkSessionId(prefix);
      if (page.after !== undefined && page.after !== "") checkSessionId(page.after);
      const labels = checkLabels(filter.labels);
      const limit = pageSize(page.size);
      const after = page.after ?? "";
      return withEngine(call, (engine, remaining) => {
        const list = async () => {
          const found = await stored(persistence.listSessions({ tenant, prefix, labels, after, limit, nowMs: engine.now() }));
          // The store of a closed engine is not asked again.
          const open = await ready();
          const infos = await Promise.all(found.items.map((summary) => summaryInfo(open, summary)));
          return { sessions: infos.filter((info) => info !== undefined), next: found.next };
        };
        return within(clock, remaining, list());
      });
    },

    async touchSession(sessionId, ttl, call) {
      const key = keyOf(sessionId);
      const ttlMs = ttl === undefined ? undefined : { ttlMs: sessionTtlMs(ttl, limits) };
      const step = touchStep(key, ttlMs, () => notFound(sessionId));
      return withEngine(call, (engine, remaining) => change(engine, key, remaining, step));
    },

    async deleteSession(sessionId, call) {
      const key = keyOf(sessionId);
      return withEngine(call, (engine, remaining) => change(engine, key, remaining, deleteStep(key, engine.floor)));
    },

    async forkSession(sourceId, fork, call) {
      const source = keyOf(sourceId);
      const key = keyOf(fork.id ?? base64url(random.bytes(16)));
      checkAtRevision(fork);
      const { atRevision } = fork;
      const ttl = fork.ttl === undefined ? undefined : { ttlMs: sessionTtlMs(fork.ttl, limits) };
      const labels = fork.labels === undefined ? undefined : checkLabels(fork.labels);
      const storeForks = sections.includes("fork");
      const { shared } = persistence.capabilities;
      return withEngine(call, async (engine, remaining) => {
        const info = await performFork({
          ...{ source, key, ttl, labels, atRevision, engine, maxSessions, storeForks, shared, clock },
          call: remaining,
          take: (step, left) => change(engine, key, { ...call, ...left }, step),
          fetch: (away, left) => within(clock, left, stored(engine.turns.fetch(source, away))),
        });
        access({ engine, head: engine.turns.peek(source)?.committed }, source);
        return info;
      });
    },

    getHistory(sessionId, name, page, call) {
      const key = keyOf(sessionId);
      checkName(name);
      checkHistoryPage(page);
      return read(key, call, {
        due: (head, nowMs) => historyDue(head, name, nowMs) || variableDue(head, name, nowMs),
        wants: (head, nowMs) => valuesOf(historyPage(head, name, page, nowMs).entries),
        answer(reading): VariableHistory {
          const history = historyAnswer(reading.head, name, page, reading.nowMs);
          if (history.items.length > 0) access(reading, key);
          return history;
        },
      });
    },

    listCheckpoints(sessionId, call) {
      const answer = ({ head }: Reading): CheckpointListing => ({
        checkpoints: checkpointInfos(head),
        sessionRevision: head?.record.revision ?? 0,
      });
      return read(keyOf(sessionId), call, { due: () => false, answer });
    },

    listDeclarations(sessionId, call) {
      const answer = ({ head }: Reading): DeclarationListing => ({
        declarations: declarationsOf(head),
        sessionRevision: head?.record.revision ?? 0,
      });
      return read(keyOf(sessionId), call, { due: () => false, answer });
    },

    watch(sessionId, request, { signal }) {
      const parts = watchParts(sessionId, request);
      return {
        [Symbol.asyncIterator]: () => closable((stop) => iterated((subscriber) => engineWatch(parts, subscriber), stop), signal),
      };
    },

    follow: (sessionId, request, subscriber) => engineWatch(watchParts(sessionId, request), subscriber),
  };
}

const admitted =
  <T>(admit: () => void, step: Take<T>): Take<T> =>
  (head, nowMs) => {
    admit();
    return step(head, nowMs);
  };

/** The section that an operation needs of its store. */
const NEEDS: Readonly<Partial<Record<Operation["kind"], string>>> = {
  rollback: "checkpoints",
  checkpoint: "checkpoints",
  delete_checkpoint: "checkpoints",
  declare: "declarations",
};

/** Throws UNSUPPORTED for what the store has no place for. */
function checkKept({ operations }: Update, sections: readonly string[]): void {
  for (const { kind } of operations) {
    const needed = NEEDS[kind];
    if (needed !== undefined && !sections.includes(needed)) throw notKept(needed);
  }
}

const notKept = (section: string) => new UnsupportedError("UNSUPPORTED", `the store of this server keeps no ${section}`);

const mayBeLost = (name: string) =>
  new DataLossError("nobody can tell whether there is such a variable: its session has a damaged one, whose name may be wrong", {
    details: { name },
  });

const notFound = (id: string) => new SessionNotFoundError(`there is no session "${id}"`);

function pageSize(size: number | undefined): number {
  if (size === undefined || size === 0) return DEFAULT_PAGE;
  if (Number.isInteger(size) && size > 0 && size <= MAX_PAGE) return size;
  throw new InvalidArgumentError("INVALID_ARGUMENT", `a page holds 1 to ${MAX_PAGE} sessions`);
}
