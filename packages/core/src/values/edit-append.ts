import { InvalidArgumentError, TypeMismatchError } from "../errors.ts";
import { concat, headerSize, readHeader, skipValue, writeHeader } from "./layout.ts";
import { typeNameAt } from "./type-name.ts";

type Appendable = "list" | "string" | "bytes";

/** A part of the result: its items, code points or bytes, without a header. */
interface Part {
  readonly content: Uint8Array;
  /** How many items, code points or bytes the content is. */
  readonly length: number;
}

/**
 * An encoded list, string or bytes with another of its kind after it, and the new length in items, code points or bytes.
 * `keepLast` keeps that many from the end. What is missing takes the operand's kind; items keep their bytes [P3].
 * @throws TypeMismatchError for other kinds or two different ones, InvalidArgumentError for a `keepLast` that is no integer from 1 on.
 */
export function appendBytes(
  current: Uint8Array | undefined,
  operand: Uint8Array,
  keepLast?: number,
): { bytes: Uint8Array; length: number } {
  if (keepLast !== undefined && !(Number.isSafeInteger(keepLast) && keepLast >= 1)) {
    throw new InvalidArgumentError("INVALID_ARGUMENT", `keep_last is ${keepLast}; it must be an integer from 1 on`);
  }
  const kind = appendableKind(current, operand);
  const added = readPart(kind, operand);
  const existing = current === undefined ? undefined : readPart(kind, current);
  const length = (existing?.length ?? 0) + added.length;
  const surplus = keepLast === undefined ? 0 : Math.max(0, length - keepLast);
  if (surplus === 0 && (existing === undefined || added.length === 0)) return { bytes: current ?? operand, length };
  const fromExisting = Math.min(surplus, existing?.length ?? 0);
  const parts = existing === undefined ? [] : [dropFirst(kind, existing, fromExisting)];
  parts.push(dropFirst(kind, added, surplus - fromExisting));
  return { bytes: encodeParts(kind, parts, length - surplus), length: length - surplus };
}

function appendableKind(current: Uint8Array | undefined, operand: Uint8Array): Appendable {
  const kind = typeNameAt(operand, 0);
  const currentKind = current === undefined ? kind : typeNameAt(current, 0);
  if (kind === currentKind && (kind === "list" || kind === "string" || kind === "bytes")) return kind;
  const refused = current === undefined ? `cannot append a value of type ${kind}` : `cannot append ${kind} to ${currentKind}`;
  throw new TypeMismatchError(
    `${refused}: append joins list to list, string to string, bytes to bytes; to add one item: append(name, [item])`,
  );
}

function readPart(kind: Appendable, bytes: Uint8Array): Part {
  const { count, next } = readHeader(bytes, 0);
  const content = bytes.subarray(next);
  return { content, length: kind === "string" ? countCodePoints(content) : count };
}

function countCodePoints(text: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) if (((text[at] as number) & 0xc0) !== 0x80) count++;
  return count;
}

function dropFirst(kind: Appendable, part: Part, count: number): Uint8Array {
  if (count === 0) return part.content;
  if (count === part.length) return part.content.subarray(part.content.length);
  if (kind === "bytes") return part.content.subarray(count);
  let at = 0;
  if (kind === "list") for (let i = 0; i < count; i++) at = skipValue(part.content, at);
  else at = offsetOfCodePoint(part.content, count);
  return part.content.subarray(at);
}

function offsetOfCodePoint(text: Uint8Array, index: number): number {
  let at = 0;
  for (let left = index; ; at++) if (((text[at] as number) & 0xc0) !== 0x80 && left-- === 0) return at;
}

function encodeParts(kind: Appendable, parts: readonly Uint8Array[], length: number): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const count = kind === "list" ? length : size;
  const header = new Uint8Array(headerSize(kind, count));
  writeHeader(header, 0, kind, count);
  return concat([header, ...parts]);
}
