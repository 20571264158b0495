import { InvalidArgumentError, TypeMismatchError } from "../errors.ts";
import { concat, headerSize, readHeader, skipValue, writeHeader } from "./layout.ts";
import { typeNameAt } from "./type-name.ts";
import { MAX_DEPTH } from "./types.ts";
import { readUtf8, utf8Size, writeUtf8 } from "./utf8.ts";
import { childPath, ROOT_PATH } from "./value-path.ts";

const EMPTY_MAP = Uint8Array.of(0x80);

interface Entry {
  readonly key: string;
  /** The encoded key and value together. */
  readonly bytes: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * The encoded map with the entries of `values` set and the keys of `remove` taken out, in the map at `path` inside it. Missing maps are
 * created; a key that exists keeps its place, new ones follow; every other byte stays as it is [P3].
 * @throws TypeMismatchError with `details.path` where something is no map, InvalidArgumentError for a key both set and removed.
 */
export function mergeBytes(
  current: Uint8Array | undefined,
  values: Uint8Array | undefined,
  path: readonly string[],
  remove: readonly string[],
): Uint8Array {
  if (path.length >= MAX_DEPTH)
    throw new InvalidArgumentError("VALUE_TOO_DEEP", `the path has more than ${MAX_DEPTH - 1} keys`, { details: { rule: "depth" } });
  for (const text of [...path, ...remove]) {
    if (!text.isWellFormed()) throw new InvalidArgumentError("INVALID_ARGUMENT", "a key to merge holds a lone surrogate");
  }
  const set = new Map(values === undefined ? [] : readEntries(values, "the values to merge").map((entry) => [entry.key, entry]));
  const removed = new Set(remove);
  for (const key of removed) {
    if (set.has(key)) throw new InvalidArgumentError("INVALID_ARGUMENT", `the key ${JSON.stringify(key)} is both set and removed`);
  }
  return mergeAt(current ?? EMPTY_MAP, ROOT_PATH, path, (map, where) => mergeEntries(map, where, set, removed));
}

type Merge = (map: Uint8Array, where: string) => Uint8Array;

/** Applies a merge to the map that a path leads to, and puts the result in its place. */
function mergeAt(map: Uint8Array, where: string, path: readonly string[], merge: Merge): Uint8Array {
  const [key, ...rest] = path;
  if (key === undefined) return merge(map, where);
  const entries = readEntries(map, where);
  const index = entries.findIndex((entry) => entry.key === key);
  const inner = mergeAt(entries[index]?.value ?? EMPTY_MAP, childPath(where, key), rest, merge);
  if (index < 0)
    return writeEntries(map, entries.length, [...entries.map((entry) => entry.bytes), keyBytes(key), inner], entries.length + 1);
  const chunks = entries.flatMap((entry, i) => (i === index ? [keyOf(entry), inner] : [entry.bytes]));
  return writeEntries(map, entries.length, chunks, entries.length);
}

function mergeEntries(map: Uint8Array, where: string, set: ReadonlyMap<string, Entry>, removed: ReadonlySet<string>): Uint8Array {
  const entries = readEntries(map, where);
  const kept = entries.filter((entry) => !removed.has(entry.key));
  const chunks = kept.flatMap((entry) => {
    const replacement = set.get(entry.key);
    return replacement === undefined ? [entry.bytes] : [keyOf(entry), replacement.value];
  });
  const existing = new Set(kept.map((entry) => entry.key));
  const added = [...set.values()].filter((entry) => !existing.has(entry.key));
  return writeEntries(map, entries.length, [...chunks, ...added.map((entry) => entry.bytes)], kept.length + added.length);
}

function readEntries(map: Uint8Array, where: string): Entry[] {
  const kind = typeNameAt(map, 0);
  if (kind !== "map") throw new TypeMismatchError(`cannot merge: ${where} is of type ${kind}, not a map`, { details: { path: where } });
  const { count, next } = readHeader(map, 0);
  const entries: Entry[] = [];
  let at = next;
  for (let i = 0; i < count; i++) {
    const key = readHeader(map, at);
    const valueStart = key.next + key.count;
    const end = skipValue(map, valueStart);
    entries.push({ key: readUtf8(map, key.next, valueStart), bytes: map.subarray(at, end), value: map.subarray(valueStart, end) });
    at = end;
  }
  return entries;
}

/** The map of these chunks; its header stays as it was when the count does. */
function writeEntries(map: Uint8Array, oldCount: number, chunks: readonly Uint8Array[], count: number): Uint8Array {
  if (count === oldCount) return concat([map.subarray(0, readHeader(map, 0).next), ...chunks]);
  const header = new Uint8Array(headerSize("map", count));
  writeHeader(header, 0, "map", count);
  return concat([header, ...chunks]);
}

function keyOf(entry: Entry): Uint8Array {
  return entry.bytes.subarray(0, entry.bytes.length - entry.value.length);
}

function keyBytes(key: string): Uint8Array {
  const size = utf8Size(key);
  const bytes = new Uint8Array(headerSize("string", size) + size);
  writeUtf8(key, bytes, writeHeader(bytes, 0, "string", size));
  return bytes;
}
