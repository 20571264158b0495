/** Another manager of the same store: it writes a variable of a session that it finds. */
import type { SessionDelta } from "../../src/persistence.ts";
import { encode, scanValue } from "../../src/values/index.ts";
import { VARIABLES_PER_SESSION } from "./bounds.ts";
import { isDue, type Model } from "./model.ts";

/** Its change; undefined where it finds nothing, something due, or no room. */
export function rivalWrite(id: string, state: Model, nowMs: number): SessionDelta | undefined {
  if (state === undefined || [state, ...state.variables.values()].some((each) => isDue(each, nowMs))) return undefined;
  if (state.variables.size >= VARIABLES_PER_SESSION) return undefined;
  const revision = Math.max(state.revision + 1, nowMs * 1000);
  const bytes = encode(`rival ${revision}`);
  const before = state.variables.get("x2");
  const variable = {
    name: "x2",
    bytes,
    encoding: "",
    type: scanValue(bytes),
    revision,
    createdAtMs: before?.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
    expiresAtMs: undefined,
  };
  const { variables, history: _, checkpoints: __, declarations: ___, ...fields } = state;
  const variableCount = new Map(variables).set("x2", variable as never).size;
  const record = { ...fields, revision, variableCount, sizeBytes: 0 };
  return {
    kind: "write",
    key: { tenant: "", id },
    nowMs,
    baseRevision: state.revision,
    record,
    set: [variable],
    removed: [],
    // It keeps no history: what was before cannot be told.
    sections: { history: { sinceRevision: revision, kept: [], ended: [], dropped: [] } },
  };
}
