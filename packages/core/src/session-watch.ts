/** Watching as people see it: changes one by one, whole states, and waiting for a value. */
import { type Closable, closable, stopWith } from "./closable.ts";
import { DeadlineExceededError } from "./errors.ts";
import type { StoredVariable } from "./persistence.ts";
import { resumedWatch, type Told } from "./resumed-watch.ts";
import type { SessionContext } from "./session-over-port.ts";
import type { Selection } from "./session-port.ts";
import type { Change, SnapshotsOptions, WaitForOptions, WatchOptions } from "./session-told.ts";
import { decodeOneOfMany, decodeVariable, infoOf } from "./session-values.ts";
import { VariableStore } from "./variable-store.ts";
import { cancelled } from "./waiting.ts";
import type { WatchChange } from "./watch-port.ts";

/** See `Session.watch`. */
export function watchChanges(context: SessionContext, id: string, options: WatchOptions): Closable<Change> {
  const { names, prefix = "", since, values = true, signal } = options;
  const selection: Selection = names === undefined ? { prefix } : { names: [...new Set(names)] };
  const request = { selection, since, withoutValues: !values, patienceMs: context.timeoutMs };
  return closable(async function* (stop) {
    for await (const told of resumedWatch(context, id, request, stop))
      yield* changesOf(told, { codec: context.codec, integers: context.integers, values });
  }, signal);
}

/** See `Session.snapshots`. */
export function snapshots(context: SessionContext, id: string, options: SnapshotsOptions): Closable<Map<string, unknown>> {
  const { prefix = "", signal } = options;
  const request = { selection: { prefix }, patienceMs: context.timeoutMs };
  return closable(async function* (stop) {
    for await (const { caughtUp, store } of states(resumedWatch(context, id, request, stop))) {
      if (!caughtUp) continue;
      // Decoded anew each time: what a consumer does to a value stays with that consumer.
      yield new Map(store.variables().map((variable) => [variable.name, decodeOneOfMany(variable, context.integers, context.codec)]));
    }
  }, signal);
}

/** See `Session.waitFor`. */
export async function waitFor(
  context: SessionContext,
  id: string,
  name: string,
  predicate: (value: unknown) => unknown,
  { signal, timeoutMs = context.timeoutMs }: WaitForOptions,
): Promise<unknown> {
  const stop = stopWith(signal);
  const cancel = context.clock.schedule(timeoutMs, () => stop.abort(), true);
  try {
    const request = { selection: { names: [name] }, patienceMs: timeoutMs };
    for await (const { caughtUp, store } of states(resumedWatch(context, id, request, stop))) {
      if (!caughtUp) continue;
      const variable = store.variable(name);
      const value = variable && decodeVariable(variable, context.integers, "not_applied", context.codec);
      if (await predicate(value)) return value;
    }
  } catch (error) {
    // The wait between two tries is cancelled like everything else.
    if (!stop.aborted) throw error;
  } finally {
    cancel();
    stop.release();
  }
  if (signal?.aborted) throw cancelled(signal);
  throw new DeadlineExceededError(`what was waited for did not come within ${timeoutMs} ms`, { details: { name } });
}

/** What is there after each thing that is told; complete once it is caught up. */
async function* states(told: AsyncIterable<Told>): AsyncGenerator<{ readonly caughtUp: boolean; readonly store: VariableStore }> {
  let store = EMPTY;
  let caughtUp = false;
  for await (const each of told) {
    if (each.kind === "snapshot") store = each.variables.reduce((before, variable) => before.put(variable), store);
    else if (each.kind === "commit") store = each.changes.reduce(changed, store);
    else if (each.kind === "resync") [store, caughtUp] = [EMPTY, false];
    else caughtUp = true;
    yield { caughtUp, store };
  }
}

const EMPTY = VariableStore.create();

function changed(store: VariableStore, change: WatchChange): VariableStore {
  switch (change.kind) {
    case "set":
      return store.put(change.variable);
    case "delete":
    case "expire":
      return store.delete(change.name);
    default:
      return EMPTY;
  }
}

function* changesOf(told: Told, how: How): Generator<Change> {
  switch (told.kind) {
    case "snapshot":
      for (const variable of told.variables) yield setChange(variable, variable.revision, { ...how, last: false });
      return;
    case "commit": {
      const { revision, changes } = told;
      for (const [i, change] of changes.entries()) {
        const last = i === changes.length - 1;
        if (change.kind === "set") yield setChange(change.variable, revision, { ...how, last });
        else if (change.kind === "delete" || change.kind === "expire") yield { kind: change.kind, name: change.name, revision, last };
        else yield { kind: change.kind, revision, last };
      }
      return;
    }
    case "caught_up":
      yield { kind: "caught_up", revision: told.revision, last: true };
      return;
    case "resync":
      yield { kind: "resync", last: true };
  }
}

/** How values are shown. */
interface How extends Pick<SessionContext, "codec" | "integers"> {
  readonly values: boolean;
}

/** Decodes the value when somebody asks for it: one that cannot be decoded here costs nobody the other changes. */
function setChange(
  variable: StoredVariable,
  revision: number,
  { codec, integers, values, last }: How & { readonly last: boolean },
): Change {
  let decoded: { readonly value: unknown } | undefined;
  const valueNow = (): unknown => {
    if (!values) return undefined;
    decoded ??= { value: decodeVariable(variable, integers, "not_applied", codec) };
    return decoded.value;
  };
  return {
    kind: "set",
    name: variable.name,
    get value() {
      return valueNow();
    },
    revision,
    entry: {
      ...infoOf(variable),
      get value() {
        return valueNow();
      },
    },
    last,
  };
}
