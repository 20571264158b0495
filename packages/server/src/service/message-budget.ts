/** How much of a message things take. Estimates never fall short, so what fits by them fits on the wire. */
import {
  BridgeError,
  LimitExceededError,
  MAX_NAME_BYTES,
  type Operation,
  type StoredVariable,
  sizeOf,
} from "@session-bridge/core/internal";
import { packedEntrySize } from "@session-bridge/core/values";
import type { Translated } from "./updates.ts";

/** What the fields beside the repeated ones may take: revision, page token, headers of the packed map. */
const RESERVE_BYTES = 512;

/** The numbers of one operation's result. */
const RESULT_BYTES = 64;
/** What is known of a previous value, beside its name: type, an encoding's name, seven numbers. */
const PREVIOUS_INFO_BYTES = 192;
/** An error of one operation, beside the name that its text and its metadata repeat. */
const ERROR_BYTES = 768;

/** A session with sixteen labels of the greatest size, its id and its numbers. */
export const SESSION_INFO_BYTES = 5_632;

/** What is listed of a checkpoint or of a declaration, beside its texts and bytes. */
export const LISTED_BYTES = 64;

/** What a message needs beside one value: names, revisions, what is known of the variable. */
export const ENVELOPE_BYTES = 4_096;

/** An entry of a history beside its value: what is known of the variable, twice the numbers. */
export const HISTORY_ENTRY_BYTES = 1_280;

/**
 * Throws LimitExceededError MESSAGE_TOO_LARGE for a value that no message can carry: one that was stored under other limits.
 */
export function checkFits(variable: StoredVariable, messageBytes: number): void {
  const actual = sizeOf(variable) + ENVELOPE_BYTES;
  if (actual <= messageBytes) return;
  throw new LimitExceededError("MESSAGE_TOO_LARGE", `the value does not fit a message of ${messageBytes} bytes`, {
    details: { name: variable.name, limit: "messageBytes", limitValue: messageBytes, actual },
  });
}

/** Throws LimitExceededError MESSAGE_TOO_LARGE for a listing that has no pages and fits no message of this server. */
export function checkListing(what: string, sizes: readonly number[], messageBytes: number): void {
  const actual = sizes.reduce((sum, size) => sum + size, 0);
  if (actual <= budgetOf(messageBytes)) return;
  throw new LimitExceededError("MESSAGE_TOO_LARGE", `the ${what} do not fit a message of ${messageBytes} bytes`, {
    details: { limit: "messageBytes", limitValue: messageBytes, actual },
  });
}

/** What may be filled with repeated fields in a message of at most `messageBytes`. */
export function budgetOf(messageBytes: number): number {
  return messageBytes - RESERVE_BYTES;
}

/** A VariableInfo inside another message: at most three bytes a UTF-16 unit, and seven numbers. */
export function infoSize(info: { readonly name: string; readonly type: string; readonly encoding: string }): number {
  return 3 * (info.name.length + info.encoding.length) + info.type.length + 96;
}

/** A Variable message inside another message. */
export function variableSize(variable: StoredVariable): number {
  return infoSize(variable) + sizeOf(variable) + 16;
}

/** What a variable adds to an answer of GetVariables. */
export function readingSize(variable: StoredVariable, includeInfo: boolean): number {
  const value = variable.encoding === "" ? packedEntrySize(variable.name, sizeOf(variable)) : variableSize(variable);
  return value + (includeInfo ? infoSize(variable) : 0);
}

/** The most that the results of an update take beside the bytes of their previous values. */
export function resultsSize(operations: readonly Translated[], independent: boolean): number {
  let size = 0;
  for (const operation of operations) {
    const nameBytes = operation instanceof BridgeError ? MAX_NAME_BYTES : Math.min(MAX_NAME_BYTES, 3 * operation.name.length);
    size += RESULT_BYTES + (independent ? ERROR_BYTES + 2 * nameBytes : 0);
    if (!(operation instanceof BridgeError) && answersPrevious(operation)) size += PREVIOUS_INFO_BYTES + (nameBytes || MAX_NAME_BYTES);
  }
  return size;
}

function answersPrevious(operation: Operation): boolean {
  return operation.wantPrevious === true || operation.kind === "pop_last" || (operation.kind === "set" && operation.ifMissing === true);
}

/** Where the page that begins at `start` ends: after at least one item, before the one that would not fit. */
export function pageEnd<T>(items: readonly T[], start: number, budgetBytes: number, sizeOf: (item: T) => number): number {
  let size = 0;
  let end = start;
  for (; end < items.length; end++) {
    size += sizeOf(items[end] as T);
    if (size > budgetBytes && end > start) break;
  }
  return end;
}
