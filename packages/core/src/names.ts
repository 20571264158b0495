/** Ids, names, labels and times to live: what is accepted, in one place (docs/limits.md). */
import { InvalidArgumentError } from "./errors.ts";
import {
  type Limits,
  MAX_CHECKPOINT_LABEL_BYTES,
  MAX_HISTORY_ENTRIES,
  MAX_LABEL_KEY_BYTES,
  MAX_LABEL_VALUE_BYTES,
  MAX_LABELS,
  MAX_NAME_BYTES,
  MAX_SESSION_ID_BYTES,
  MAX_TTL_MS,
} from "./limits.ts";
import { utf8Size } from "./values/utf8.ts";

/** Control characters, lone surrogates, and U+FFFD, which is what broken text usually turns into. */
const REFUSED = /[\p{Cc}\p{Cs}\ufffd]/u;
const ENCODING = /^[a-z0-9][a-z0-9._+-]{0,63}$/;

/** What nearly every id and name is; settles them in one test. */
const PLAIN = /^[ -~]+$/;

function checkText(what: string, reason: string, text: unknown, maxBytes: number): void {
  if (typeof text === "string" && text.length <= maxBytes && PLAIN.test(text)) return;
  if (typeof text !== "string") throw new InvalidArgumentError(reason, `the ${what} must be a string`);
  if (text === "") throw new InvalidArgumentError(reason, `the ${what} is empty`, { details: { rule: "empty" } });
  if (text.length > maxBytes || utf8Size(text) > maxBytes) {
    const actual = utf8Size(text);
    throw new InvalidArgumentError(reason, `the ${what} has ${actual} bytes; at most ${maxBytes} are allowed`, {
      details: { rule: "length", limitValue: maxBytes, actual },
    });
  }
  if (REFUSED.test(text)) {
    throw new InvalidArgumentError(reason, `the ${what} has a control character, a lone surrogate or U+FFFD`, {
      details: { rule: "characters" },
    });
  }
}

/** Throws INVALID_SESSION_ID unless `id` is 1–128 bytes of clean text. */
export const checkSessionId = (id: string): void => checkText("session id", "INVALID_SESSION_ID", id, MAX_SESSION_ID_BYTES);

/** Throws INVALID_NAME unless `name` is 1–256 bytes of clean text. */
export const checkName = (name: string): void => checkText("variable's name", "INVALID_NAME", name, MAX_NAME_BYTES);

/** Whether `checkSessionId` would let it pass. */
export const isSessionId = (id: string): boolean => passes(checkSessionId, id);

/** Whether `checkName` would let it pass. */
export const isName = (name: string): boolean => passes(checkName, name);

function passes(check: (text: string) => void, text: string): boolean {
  try {
    check(text);
    return true;
  } catch {
    return false;
  }
}

/** Throws INVALID_NAME unless `prefix` could begin a name; "" begins every one. */
export function checkPrefix(prefix: string): void {
  if (prefix !== "") checkText("prefix", "INVALID_NAME", prefix, MAX_NAME_BYTES);
}

/** Throws INVALID_NAME unless `label` is 1–128 bytes of clean text. */
export const checkCheckpointLabel = (label: string): void =>
  checkText("checkpoint's label", "INVALID_NAME", label, MAX_CHECKPOINT_LABEL_BYTES);

/** Throws INVALID_ARGUMENT unless `entries` is a whole number from 0 to 64. */
export function checkHistoryEntries(entries: number): number {
  if (Number.isInteger(entries) && entries >= 0 && entries <= MAX_HISTORY_ENTRIES) return entries;
  throw new InvalidArgumentError("INVALID_ARGUMENT", `a history keeps 0 to ${MAX_HISTORY_ENTRIES} entries of each variable`, {
    details: { limit: "historyEntries", limitValue: MAX_HISTORY_ENTRIES, actual: entries },
  });
}

/** The name of an encoding as it is stored: "" for msgpack. Throws INVALID_ENCODING for what cannot be a name. */
export function checkEncoding(encoding: string): string {
  if (encoding === "" || encoding === "msgpack") return "";
  if (ENCODING.test(encoding)) return encoding;
  throw new InvalidArgumentError("INVALID_ENCODING", "an encoding's name is 1 to 64 of a-z, 0-9, '.', '_', '+' and '-'");
}

/** A frozen copy of labels, one shared object for none. Throws INVALID_LABELS. */
export function checkLabels(labels: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  if (labels === undefined) return NO_LABELS;
  const entries = Object.entries(labels);
  if (entries.length === 0) return NO_LABELS;
  if (entries.length > MAX_LABELS) {
    throw new InvalidArgumentError("INVALID_LABELS", `${entries.length} labels; at most ${MAX_LABELS} are allowed`, {
      details: { rule: "count", limitValue: MAX_LABELS, actual: entries.length },
    });
  }
  const copy: Record<string, string> = Object.create(null);
  for (const [key, value] of entries) {
    checkText("label's key", "INVALID_LABELS", key, MAX_LABEL_KEY_BYTES);
    if (value !== "") checkText("label's value", "INVALID_LABELS", value, MAX_LABEL_VALUE_BYTES);
    copy[key] = value;
  }
  return Object.freeze(copy);
}

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

/** Throws INVALID_TTL unless `ttlMs` is a positive whole number of milliseconds. */
export function checkTtlMs(ttlMs: unknown): number {
  if (typeof ttlMs === "number" && Number.isSafeInteger(ttlMs) && ttlMs > 0 && ttlMs <= MAX_TTL_MS) return ttlMs;
  throw new InvalidArgumentError("INVALID_TTL", `a time to live is a whole number of milliseconds from 1 to ${MAX_TTL_MS}`);
}

/** A session's sliding ttl in milliseconds, undefined for never. Throws INVALID_TTL. */
export function sessionTtlMs(ttl: number | "never" | undefined, limits: Limits): number | undefined {
  if (ttl === undefined) return limits.defaultTtlMs;
  if (ttl !== "never") return checkTtlMs(ttl);
  if (limits.allowNever) return undefined;
  throw new InvalidArgumentError("INVALID_TTL", 'this server does not allow the session ttl "never"');
}

/** Throws INVALID_ARGUMENT unless `revision` could be one. */
export function checkRevision(revision: number): void {
  if (Number.isSafeInteger(revision) && revision >= 0) return;
  throw new InvalidArgumentError("INVALID_ARGUMENT", "if_revision must be a whole number, 0 or greater");
}
