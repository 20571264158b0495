/** The store that keeps nothing beyond the process: the default of the library, and what the contract means in its fewest words. */
import { extendedRecord, keyText } from "./deltas.ts";
import { loadedVariable } from "./kept-variable.ts";
import type {
  AnsweringDelta,
  SaveOutcome,
  SectionChanges,
  SessionDelta,
  SessionKey,
  SessionPersistence,
  SessionRecord,
  SessionSummary,
  StoredVariable,
} from "./persistence.ts";
import { requestLog } from "./request-log.ts";
import { isListed } from "./session-query.ts";
import { SectionsAtRest } from "./stored-sections.ts";
import { compareText } from "./text-order.ts";
import { VariableStore } from "./variable-store.ts";

/** A session at rest. */
interface Entry {
  readonly key: SessionKey;
  readonly record: SessionRecord;
  readonly variables: VariableStore;
  /** Undefined for a session that never had any. */
  readonly sections: SectionsAtRest | undefined;
  /** The earliest deadline among the session's own and its variables'; undefined for none. */
  readonly dueAtMs: number | undefined;
}

/** The sessions of one tenant; `ordered` is remade when a listing wants it. */
interface Tenant {
  readonly entries: Map<string, Entry>;
  ordered: readonly string[] | undefined;
}

/**
 * A store in plain maps. It shares the variables it is given, bytes included, so it costs little beside a manager that has them too.
 * It has what it has for as long as the object lives: `close` forgets nothing.
 */
export function memoryPersistence(): SessionPersistence {
  const tenants = new Map<string, Tenant>();
  const requests = requestLog();
  let lastNowMs = 0;
  let lastDeletedRevision = 0;

  const find = (key: SessionKey): Entry | undefined => tenants.get(key.tenant)?.entries.get(key.id);

  const put = (entry: Entry): void => {
    const { tenant: name, id } = entry.key;
    let tenant = tenants.get(name);
    if (tenant === undefined) {
      tenant = { entries: new Map(), ordered: undefined };
      tenants.set(name, tenant);
    }
    if (!tenant.entries.has(id)) tenant.ordered = undefined;
    tenant.entries.set(id, entry);
  };

  const drop = (key: SessionKey, revision: number): void => {
    const tenant = tenants.get(key.tenant) as Tenant;
    tenant.entries.delete(key.id);
    tenant.ordered = undefined;
    if (tenant.entries.size === 0) tenants.delete(key.tenant);
    lastDeletedRevision = Math.max(lastDeletedRevision, revision);
  };

  const apply = (delta: AnsweringDelta): SaveOutcome => {
    const { request } = delta;
    return request === undefined ? applyChange(delta) : requests.once(keyText(delta.key), request, delta.nowMs, () => applyChange(delta));
  };

  const applyChange = (delta: SessionDelta): SaveOutcome => {
    const entry = find(delta.key);
    if (delta.kind === "extend") {
      if (entry !== undefined) put(entryOf(entry.key, extendedRecord(entry.record, delta), entry.variables, entry.sections));
    } else if (delta.kind === "create") {
      if (entry !== undefined) return "conflict";
      const variables = VariableStore.of(delta.set);
      put(entryOf(delta.key, delta.record, variables, changedSections(undefined, delta.sections, VariableStore.of([]), variables)));
    } else if (delta.kind === "fork") {
      const source = find(delta.source.key);
      if (entry !== undefined || source?.record.revision !== delta.source.revision) return "conflict";
      const declarations = source.sections?.declarations() ?? [];
      const sections = declarations.length === 0 ? undefined : new SectionsAtRest({ declarations });
      put(entryOf(delta.key, delta.record, source.variables.fork(delta.record.revision), sections));
    } else {
      if (entry?.record.revision !== delta.baseRevision) return "conflict";
      if (delta.kind === "delete" || (delta.kind === "expire" && delta.record === undefined)) drop(entry.key, delta.revision);
      else {
        const variables = changed(entry.variables, delta.kind === "write" ? delta.set : [], delta.removed);
        const sections = changedSections(entry.sections, delta.sections, entry.variables, variables);
        put(entryOf(entry.key, delta.record as SessionRecord, variables, sections));
      }
    }
    lastNowMs = Math.max(lastNowMs, delta.nowMs);
    return "saved";
  };

  return {
    capabilities: { survives: "nothing", shared: false, sections: ["requests", "history", "checkpoints", "declarations", "fork"] },
    open: async () => ({ lastNowMs, lastDeletedRevision }),
    async load(key) {
      const entry = find(key);
      return entry && { record: entry.record, variables: entry.variables.variables().map(loadedVariable), ...entry.sections?.stored() };
    },
    async loadValues(key, refs) {
      const entry = find(key);
      const values = new Map<string, Uint8Array>();
      for (const { name, revision } of refs) {
        const variable = entry?.variables.variable(name);
        const found = variable?.revision === revision ? variable : entry?.sections?.value(name, revision);
        if (found?.bytes !== undefined) values.set(name, found.bytes);
      }
      return values;
    },
    async save(deltas) {
      const conflicted = new Set<string>();
      const isStacked = (delta: AnsweringDelta): boolean =>
        conflicted.has(keyText(delta.key)) || (delta.kind === "fork" && conflicted.has(keyText(delta.source.key)));
      return deltas.map((delta) => {
        const outcome = conflicted.size > 0 && delta.kind !== "extend" && isStacked(delta) ? "conflict" : apply(delta);
        if (outcome === "conflict") conflicted.add(keyText(delta.key));
        return outcome;
      });
    },
    findRequest: async (key, requestId, nowMs) => requests.find(keyText(key), requestId, nowMs),
    async listSessions(query) {
      const tenant = tenants.get(query.tenant);
      if (tenant === undefined) return { items: [], next: undefined };
      tenant.ordered ??= [...tenant.entries.keys()].sort(compareText);
      const items: SessionSummary[] = [];
      for (let at = firstAfter(tenant.ordered, query.after); at < tenant.ordered.length; at++) {
        const entry = tenant.entries.get(tenant.ordered[at] as string) as Entry;
        if (!isListed(entry.key.id, entry.record, query)) continue;
        if (items.length === query.limit) return { items, next: items.at(-1)?.key.id };
        items.push(summary(entry));
      }
      return { items, next: undefined };
    },
    async due(nowMs, limit) {
      const due: (Entry & { readonly dueAtMs: number })[] = [];
      for (const { entries } of tenants.values()) for (const entry of entries.values()) if (isDue(entry, nowMs)) due.push(entry);
      due.sort((a, b) => a.dueAtMs - b.dueAtMs);
      return due.slice(0, limit).map(summary);
    },
    close: async () => {},
  };
}

function entryOf(key: SessionKey, record: SessionRecord, variables: VariableStore, sections: SectionsAtRest | undefined): Entry {
  const never = Number.POSITIVE_INFINITY;
  const dueAtMs = Math.min(record.expiresAtMs ?? never, variables.nextDueMs, sections?.dueAtMs ?? never);
  return { key, record, variables, sections, dueAtMs: dueAtMs === never ? undefined : dueAtMs };
}

function changedSections(
  sections: SectionsAtRest | undefined,
  changes: SectionChanges | undefined,
  before: VariableStore,
  after: VariableStore,
): SectionsAtRest | undefined {
  if (changes === undefined) return sections;
  const changed = sections ?? new SectionsAtRest();
  changed.apply(changes, before, after);
  return changed;
}

const isDue = (entry: Entry, nowMs: number): entry is Entry & { readonly dueAtMs: number } =>
  entry.dueAtMs !== undefined && entry.dueAtMs <= nowMs;

const summary = ({ key, record, dueAtMs }: Entry): SessionSummary => ({ key, record, dueAtMs });

function changed(before: VariableStore, set: readonly StoredVariable[], removed: readonly string[]): VariableStore {
  const without = removed.reduce((store, name) => store.delete(name), before);
  return without.putAll(set);
}

/** Where the ids after `after` begin. */
function firstAfter(ordered: readonly string[], after: string): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareText(ordered[middle] as string, after) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
