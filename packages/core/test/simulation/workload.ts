/** What clients ask for: every operation of the port, on few names of few sessions, so that they meet. */
import type { MutationCall, NewSession, Operation, SessionFork, SessionPort, SessionTtl, Update } from "../../src/session-port.ts";
import { encode } from "../../src/values/index.ts";
import type { Dice } from "./dice.ts";
import { schemaOf } from "./model.ts";

/** One call of the port. */
export type Call =
  | { readonly kind: "update"; readonly id: string; readonly update: Update }
  | { readonly kind: "create"; readonly id: string; readonly session: NewSession }
  | { readonly kind: "touch"; readonly id: string; readonly ttl: SessionTtl | undefined }
  | { readonly kind: "delete"; readonly id: string }
  | { readonly kind: "get"; readonly id: string; readonly name: string }
  | { readonly kind: "get_all"; readonly id: string; readonly names: readonly string[] | undefined }
  | { readonly kind: "list"; readonly id: string }
  | { readonly kind: "info"; readonly id: string }
  | { readonly kind: "sessions" }
  | { readonly kind: "fork"; readonly id: string; readonly source: string; readonly fork: SessionFork }
  | { readonly kind: "history"; readonly id: string; readonly name: string }
  | { readonly kind: "checkpoints"; readonly id: string }
  | { readonly kind: "declarations"; readonly id: string };

export const SESSIONS = ["s1", "s2", "s3"] as const;
const NAMES = ["a", "b", "count", "list", "map", "x1", "x2"] as const;

/** What the dice need to know to ask for something that may succeed. */
export interface Hints {
  /** A value that nobody wrote before. */
  fresh(): number;
  /** A revision that the variable has, had, or never had. */
  revision(id: string, name: string): number;
  /** A revision of the session, of which its history may know. */
  earlier?(id: string): number;
  /** Whether clients look back: at histories, checkpoints and declarations; and copy. */
  readonly past?: boolean;
}

/** A random call. */
export function nextCall(dice: Dice, hints: Hints): Call {
  const id = dice.pick(SESSIONS);
  const usual = { update: 60, create: 4, touch: 4, delete: 3, get: 14, get_all: 10, list: 3, info: 4, sessions: 3 };
  const often = hints.past ? 1 : 0;
  const kind = dice.weighted({
    ...usual,
    delete: 3 + 7 * often,
    fork: 16 * often,
    history: 5 * often,
    checkpoints: 2 * often,
    declarations: 2 * often,
  });
  switch (kind) {
    case "update":
      return { kind, id, update: nextUpdate(dice, hints, id) };
    case "create": {
      const maxLifeMs = dice.chance(0.3) ? 500 + dice.int(10_000) : undefined;
      return {
        kind,
        id,
        session: { id, ttl: nextTtl(dice), labels: { made: String(hints.fresh()) }, maxLifeMs, ...nextEntries(dice, hints) },
      };
    }
    case "touch":
      return { kind, id, ttl: dice.chance(0.5) ? nextTtl(dice) : undefined };
    case "get":
    case "history":
      return { kind, id, name: dice.pick(NAMES) };
    case "fork": {
      const source = dice.pick(SESSIONS);
      const about = dice.chance(0.3) ? { ttl: nextTtl(dice), labels: { forked: String(hints.fresh()) } } : {};
      return { kind, id, source, fork: { id, ...about, atRevision: dice.chance(0.4) ? hints.earlier?.(source) : undefined } };
    }
    case "get_all":
      return { kind, id, names: dice.chance(0.5) ? [dice.pick(NAMES), dice.pick(NAMES)] : undefined };
    case "sessions":
      return { kind };
    default:
      return { kind, id };
  }
}

const nextEntries = (dice: Dice, { past }: Hints) => (past && dice.chance(0.5) ? { historyEntries: dice.int(4) } : {});

const nextTtl = (dice: Dice): number => 200 + dice.int(8_000);

function nextUpdate(dice: Dice, hints: Hints, id: string): Update {
  const batch = dice.chance(0.3);
  const independent = batch && dice.chance(0.5);
  const count = batch ? 1 + dice.int(4) : 1;
  const operations = Array.from({ length: count }, () => nextOperation(dice, hints, id, independent));
  const defaults = dice.chance(0.3) ? { ttl: nextTtl(dice), labels: { made: String(hints.fresh()) } } : undefined;
  return { operations, independent, mustExist: dice.chance(0.1), defaults };
}

function nextOperation(dice: Dice, hints: Hints, id: string, independent: boolean): Operation {
  const kind = dice.weighted({
    set: 40,
    delete: 10,
    increment: 20,
    append: 12,
    merge: 10,
    clear: 2,
    pop_last: 3,
    expire: 4,
    check: independent ? 0 : 3,
    restore: hints.past ? 10 : 0,
    declare: hints.past ? 3 : 0,
    checkpoint: hints.past && !independent ? 6 : 0,
    rollback: hints.past && !independent ? 8 : 0,
    delete_checkpoint: hints.past && !independent ? 2 : 0,
  });
  const name = dice.chance(0.85) ? usualName(dice, kind) : dice.pick(NAMES);
  const fresh = hints.fresh();
  const ifRevision = kind === "check" || dice.chance(0.2) ? hints.revision(id, name) : undefined;
  const about = { name, ifRevision, wantPrevious: dice.chance(0.3) };
  switch (kind) {
    case "set": {
      const ttl = dice.weighted({ none: 60, some: 25, keep: 10, never: 5 });
      const value = name === "list" ? [fresh] : name === "map" ? { a: fresh } : fresh;
      return {
        ...about,
        kind,
        value: { bytes: encode(value), encoding: "" },
        ttl: ttl === "some" ? 50 + dice.int(4_000) : ttl === "none" ? undefined : ttl,
        ifMissing: dice.chance(0.1),
      };
    }
    case "increment":
      return { ...about, kind, by: encode(fresh) };
    case "append":
      return { ...about, kind, value: encode([fresh]), keepLast: dice.chance(0.5) ? 3 : undefined };
    case "merge": {
      const key = dice.pick(["a", "b", "c"]);
      return { ...about, kind, values: encode({ [key]: fresh }), path: [], remove: dice.chance(0.3) && key !== "b" ? ["b"] : [] };
    }
    case "expire":
      return { ...about, kind, ttl: dice.chance(0.2) ? "never" : 50 + dice.int(4_000) };
    case "clear":
      return { kind, name: "", prefix: dice.pick(["x", "list", ""]) };
    case "pop_last":
      return { kind, name: "" };
    case "restore":
      return { ...about, kind, revision: dice.chance(0.5) ? hints.revision(id, name) : (hints.earlier?.(id) ?? 7) };
    case "declare":
      return { ...about, name: dice.pick(["a", "count"]), kind, schema: dice.chance(0.3) ? undefined : encode(schemaOf(fresh + 20)) };
    case "checkpoint":
    case "rollback":
    case "delete_checkpoint":
      return { kind, name: "", label: dice.pick(["one", "two", "three"]) };
    default:
      return { ...about, kind };
  }
}

function usualName(dice: Dice, kind: Operation["kind"]): string {
  if (kind === "append") return "list";
  if (kind === "merge") return "map";
  if (kind === "increment") return dice.pick(["count", "a"]);
  return dice.pick(NAMES);
}

/** Makes the call; what is wrong may be thrown at once. */
export async function send(port: SessionPort, call: Call, options: MutationCall): Promise<unknown> {
  switch (call.kind) {
    case "update":
      return port.update(call.id, call.update, options);
    case "create":
      return port.createSession(call.session, options);
    case "touch":
      return port.touchSession(call.id, call.ttl, options);
    case "delete":
      return port.deleteSession(call.id, options);
    case "get":
      return port.getVariable(call.id, call.name, options);
    case "get_all":
      return port.getVariables(call.id, call.names === undefined ? { prefix: "" } : { names: call.names }, options);
    case "list":
      return port.listVariables(call.id, "", options);
    case "info":
      return port.getSession(call.id, options);
    case "sessions":
      return port.listSessions({}, {}, options);
    case "fork":
      return port.forkSession(call.source, call.fork, options);
    case "history":
      return port.getHistory(call.id, call.name, {}, options);
    case "checkpoints":
      return port.listCheckpoints(call.id, options);
    case "declarations":
      return port.listDeclarations(call.id, options);
  }
}
