import { InvalidArgumentError, TypeMismatchError } from "../errors.ts";
import { concat, headerSize, readHeader, skipValue, writeHeader } from "./layout.ts";
import { typeNameAt } from "./type-name.ts";
import { MAX_DEPTH } from "./types.ts";
import { readKey, utf8Size, writeUtf8 } from "./utf8.ts";
import { childPath, ROOT_PATH } from "./value-path.ts";

const EMPTY_MAP = Uint8Array.of(0x80);

/** Where an entry and its value lie in their map. */
interface Entry {
  readonly key: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** Bytes to put in the place of map[start, end). */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/**
 * The encoded map with the entries of `values` set and the keys of `remove` taken out, in the map at `path` inside it. Missing maps are
 * created; a key that exists keeps its place, new ones follow; every other byte stays as it is [P3].
 * @throws TypeMismatchError with `details.path` where something is no map, InvalidArgumentError for a key both set and removed, for keys
 * that UTF-8 cannot hold, and for a path deeper than values are.
 */
export function mergeBytes(
  current: Uint8Array | undefined,
  values: Uint8Array | undefined,
  path: readonly string[],
  remove: readonly string[],
): Uint8Array {
  checkKeys(path, remove);
  const given = values ?? EMPTY_MAP;
  const set = new Map(Array.from(entriesOf(given, "the values to merge"), (entry) => [entry.key, entry]));
  const removed = new Set(remove);
  for (const key of removed) {
    if (set.has(key)) throw new InvalidArgumentError("INVALID_ARGUMENT", `the key ${JSON.stringify(key)} is both set and removed`);
  }
  return mergeAt(current ?? EMPTY_MAP, ROOT_PATH, path, (map, where) => mergeEntries(map, where, given, set, removed));
}

function checkKeys(path: readonly string[], remove: readonly string[]): void {
  if (path.length >= MAX_DEPTH) {
    throw new InvalidArgumentError("VALUE_TOO_DEEP", `the path has more than ${MAX_DEPTH - 1} keys`, { details: { rule: "depth" } });
  }
  for (const key of [...path, ...remove]) {
    if (!key.isWellFormed()) throw new InvalidArgumentError("INVALID_ARGUMENT", "a key to merge holds a lone surrogate");
  }
}

type Merge = (map: Uint8Array, where: string) => Uint8Array;

/** Applies a merge to the map that a path leads to, and puts the result in its place. */
function mergeAt(map: Uint8Array, where: string, path: readonly string[], merge: Merge): Uint8Array {
  const [key, ...rest] = path;
  if (key === undefined) return merge(map, where);
  const inside = childPath(where, key);
  for (const entry of entriesOf(map, where)) {
    if (entry.key !== key) continue;
    const inner = mergeAt(map.subarray(entry.valueStart, entry.end), inside, rest, merge);
    return splice(map, [{ start: entry.valueStart, end: entry.end, bytes: inner }], 0);
  }
  const inner = concat([keyBytes(key), mergeAt(EMPTY_MAP, inside, rest, merge)]);
  return splice(map, [{ start: map.length, end: map.length, bytes: inner }], 1);
}

function mergeEntries(
  map: Uint8Array,
  where: string,
  given: Uint8Array,
  set: ReadonlyMap<string, Entry>,
  removed: ReadonlySet<string>,
): Uint8Array {
  const splices: Splice[] = [];
  const added = new Map(set);
  let growth = 0;
  for (const { key, start, valueStart, end } of entriesOf(map, where)) {
    const replacement = set.get(key);
    if (replacement !== undefined) {
      splices.push({ start: valueStart, end, bytes: given.subarray(replacement.valueStart, replacement.end) });
      added.delete(key);
    } else if (removed.has(key)) {
      splices.push({ start, end, bytes: NOTHING });
      growth--;
    }
  }
  for (const entry of added.values()) splices.push({ start: map.length, end: map.length, bytes: given.subarray(entry.start, entry.end) });
  return splice(map, splices, growth + added.size);
}

/** The entries of an encoded map, in its order. */
function* entriesOf(map: Uint8Array, where: string): Generator<Entry> {
  const kind = typeNameAt(map, 0);
  if (kind !== "map") throw new TypeMismatchError(`cannot merge: ${where} is of type ${kind}, not a map`, { details: { path: where } });
  const { count, next } = readHeader(map, 0);
  let start = next;
  for (let i = 0; i < count; i++) {
    const text = readHeader(map, start);
    const valueStart = text.next + text.count;
    const end = skipValue(map, valueStart);
    yield { key: readKey(map, text.next, valueStart), start, valueStart, end };
    start = end;
  }
}

/** The map with these parts replaced, in order, and so many more entries; its header stays as it was when the count does. */
function splice(map: Uint8Array, splices: readonly Splice[], growth: number): Uint8Array {
  const { count, next } = readHeader(map, 0);
  const chunks = [growth === 0 ? map.subarray(0, next) : mapHeader(count + growth)];
  let at = next;
  for (const { start, end, bytes } of splices) {
    chunks.push(map.subarray(at, start), bytes);
    at = end;
  }
  chunks.push(map.subarray(at));
  return concat(chunks);
}

function mapHeader(count: number): Uint8Array {
  const header = new Uint8Array(headerSize("map", count));
  writeHeader(header, 0, "map", count);
  return header;
}

function keyBytes(key: string): Uint8Array {
  const size = utf8Size(key);
  const bytes = new Uint8Array(headerSize("string", size) + size);
  writeUtf8(key, bytes, writeHeader(bytes, 0, "string", size));
  return bytes;
}
