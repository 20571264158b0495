/** Sections for the cases of the persistence suite, and what a store has of them in a form that can be compared. */
import type {
  EndedVariable,
  HistoryChange,
  LoadedVariable,
  SectionChanges,
  SessionDelta,
  SessionKey,
  SessionPersistence,
  SessionRecord,
  StoredVariable,
  VariableRef,
} from "../../persistence.ts";
import { bytesOf, hex, NOW_MS, plainVariable, R1, record, variable } from "./samples.ts";

/** Variables named `small` and `large`, at a revision, with values of their own. */
export const both = (revision = R1, parts: Partial<StoredVariable> = {}): readonly StoredVariable[] => [
  variable("small", { bytes: bytesOf(20, revision - R1 + 3), revision, ...parts }),
  variable("large", { bytes: bytesOf(9000, revision - R1 + 5), revision, ...parts }),
];

/** The change of a history that reaches back to R1 unless said otherwise. */
export const history = (parts: Partial<HistoryChange>): SectionChanges => ({
  history: { sinceRevision: R1, kept: [], ended: [], dropped: [], ...parts },
});

/** That a variable ended. */
export const ended = (name: string, revision: number, kind: EndedVariable["kind"] = "delete"): EndedVariable => ({
  name,
  revision,
  kind,
  atMs: NOW_MS + 1,
});

/** Names the state after the delta, and forgets labels. */
export const checkpoint = (set: Readonly<Record<string, number>>, removed: readonly string[] = []): SectionChanges => ({
  checkpoints: { removed, set: Object.entries(set).map(([label, revision]) => ({ label, revision, createdAtMs: NOW_MS + 7 })) },
});

/** Copies a session at a revision; the copy's first revision is 100 more unless the record's parts have another. */
export const fork = (source: SessionKey, revision: number, key: SessionKey, parts: Partial<SessionRecord> = {}): SessionDelta => ({
  kind: "fork",
  key,
  nowMs: NOW_MS,
  source: { key: source, revision },
  record: record(revision + 100, parts),
});

/** What a store has of a session's history, checkpoints and declarations, with all values. */
export interface PlainSections {
  readonly sinceRevision: number | undefined;
  readonly entries: readonly unknown[];
  readonly checkpoints: readonly unknown[];
  readonly declarations: readonly unknown[];
}

/** What `sectionsOf` gives for these. */
export const plainSections = (of: {
  readonly sinceRevision?: number;
  readonly entries?: readonly (StoredVariable | EndedVariable)[];
  readonly checkpoints?: readonly { readonly label: string; readonly revision: number; readonly variables: readonly StoredVariable[] }[];
  readonly declarations?: readonly { readonly name: string; readonly schema: Uint8Array; readonly revision: number }[];
}): PlainSections => ({
  sinceRevision: of.sinceRevision,
  entries: [...(of.entries ?? [])].sort(byRevision).map((entry) => ("kind" in entry ? plainEnd(entry) : plainValue(entry))),
  checkpoints: (of.checkpoints ?? []).map(({ label, revision, variables }) => ({
    label,
    revision,
    createdAtMs: NOW_MS + 7,
    variables: [...variables].sort(byName).map(plainValue),
  })),
  declarations: [...(of.declarations ?? [])].sort(byName).map(plainDeclaration),
});

const plainValue = (of: StoredVariable): unknown => plainVariable(of, of.bytes, of.bytes.length);
const plainEnd = ({ name, revision, kind, atMs }: EndedVariable): unknown => ({ name, revision, kind, atMs });
const plainDeclaration = ({ name, schema, revision }: VariableRef & { readonly schema: Uint8Array }): unknown => ({
  name,
  revision,
  schema: hex(schema),
});

/** What a store has of a session's sections, values of any size included; undefined without a session. */
export async function sectionsOf(store: SessionPersistence, of: SessionKey): Promise<PlainSections | undefined> {
  const session = await store.load(of);
  if (session === undefined) return undefined;
  const whole = async (one: LoadedVariable): Promise<unknown> =>
    plainVariable(one, one.bytes ?? (await store.loadValues(of, [one])).get(one.name), one.sizeBytes);
  const { history: kept, checkpoints = [], declarations = [] } = session;
  // In the order of their revisions; those of one revision have none.
  const inOrder = [...(kept?.entries ?? [])].sort((a, b) => (a.revision === b.revision ? byName(a, b) : 0));
  return {
    sinceRevision: kept?.sinceRevision,
    entries: await Promise.all(inOrder.map((entry) => ("kind" in entry ? plainEnd(entry) : whole(entry)))),
    checkpoints: await Promise.all(
      checkpoints.map(async ({ label, revision, createdAtMs, variables }) => ({
        label,
        revision,
        createdAtMs,
        variables: await Promise.all([...variables].sort(byName).map(whole)),
      })),
    ),
    declarations: [...declarations].sort(byName).map(plainDeclaration),
  };
}

/** Whether the store has the value of exactly this revision, and which. */
export async function valueAt(store: SessionPersistence, of: SessionKey, { name, revision }: VariableRef): Promise<string | undefined> {
  return hex((await store.loadValues(of, [{ name, revision }])).get(name));
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
const byRevision = (a: VariableRef, b: VariableRef): number => a.revision - b.revision || byName(a, b);
