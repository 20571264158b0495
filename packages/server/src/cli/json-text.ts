/** JSON read without losing anything: the digits of numbers, the order of keys, keys such as `__proto__`. */

/** A number as its text. */
export interface JsonNumber {
  readonly number: string;
}

/** An object as its entries, in order, keys distinct. */
export interface JsonObject {
  readonly entries: readonly (readonly [string, Json])[];
}

/** Any JSON value. */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;

/** Deeper text is refused before it can exhaust the stack; values end at 64, and tags such as `$tuple` double that. */
const MAX_JSON_DEPTH = 200;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON refuses exactly these inside a string.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /null|true|false/y;

interface Cursor {
  readonly text: string;
  at: number;
}

/** Reads one JSON text. Throws SyntaxError with the position of the fault. */
export function parseJson(text: string): Json {
  const cursor = { text, at: 0 };
  const value = parseValue(cursor, 0);
  take(cursor, SPACE);
  if (cursor.at < text.length) throw unexpected(cursor);
  return value;
}

function parseValue(cursor: Cursor, depth: number): Json {
  if (depth > MAX_JSON_DEPTH) throw new SyntaxError(`JSON nested deeper than ${MAX_JSON_DEPTH}`);
  take(cursor, SPACE);
  const lead = cursor.text[cursor.at];
  if (lead === "{") return parseObject(cursor, depth);
  if (lead === "[") return parseArray(cursor, depth);
  if (lead === '"') return parseString(cursor);
  const number = take(cursor, NUMBER);
  if (number !== undefined) return { number };
  const word = take(cursor, WORD);
  if (word === undefined) throw unexpected(cursor);
  return word === "null" ? null : word === "true";
}

function parseObject(cursor: Cursor, depth: number): JsonObject {
  const entries: (readonly [string, Json])[] = [];
  const seen = new Set<string>();
  parseItems(cursor, "}", () => {
    take(cursor, SPACE);
    const key = parseString(cursor);
    if (seen.has(key)) throw new SyntaxError(`the key ${JSON.stringify(key)} is given twice`);
    seen.add(key);
    expect(cursor, ":");
    entries.push([key, parseValue(cursor, depth + 1)]);
  });
  return { entries };
}

function parseArray(cursor: Cursor, depth: number): Json[] {
  const items: Json[] = [];
  parseItems(cursor, "]", () => items.push(parseValue(cursor, depth + 1)));
  return items;
}

/** What stands between the opening bracket, at which the cursor is, and the closing one. */
function parseItems(cursor: Cursor, close: string, parseItem: () => void): void {
  cursor.at += 1;
  take(cursor, SPACE);
  if (cursor.text[cursor.at] === close) {
    cursor.at += 1;
    return;
  }
  for (;;) {
    parseItem();
    take(cursor, SPACE);
    if (cursor.text[cursor.at] === close) break;
    expect(cursor, ",");
  }
  cursor.at += 1;
}

function parseString(cursor: Cursor): string {
  const quoted = take(cursor, STRING);
  if (quoted === undefined) throw unexpected(cursor);
  return JSON.parse(quoted) as string;
}

function expect(cursor: Cursor, character: string): void {
  take(cursor, SPACE);
  if (cursor.text[cursor.at] !== character) throw unexpected(cursor);
  cursor.at += 1;
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0];
  cursor.at += found?.length ?? 0;
  return found;
}

function unexpected({ text, at }: Cursor): SyntaxError {
  return new SyntaxError(at < text.length ? `not JSON at character ${at + 1}` : "the JSON text ends too early");
}
