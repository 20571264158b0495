import { SerializationError } from "../errors.ts";
import { MAX_DEPTH, MAX_NODES } from "./types.ts";
import { childPath } from "./value-path.ts";

const INITIAL_SIZE = 8 * 1024;
/** Larger buffers are not kept for the next value. */
const MAX_KEPT_SIZE = 64 * 1024;

/** Grows as it is written; `keys` say where inside the value the writing is, for error messages. */
export interface Writer {
  buffer: Uint8Array;
  position: number;
  nodes: number;
  /** The key or index that leads into each enclosing container. */
  readonly keys: (string | number)[];
  readonly rootName: string;
}

/** The buffer of the last value, unless one is being written: a getter may encode something while it is read. */
let spare: Uint8Array | undefined;

/** Runs `write` on a writer and returns what it wrote. */
export function writeBytes(rootName: string, write: (writer: Writer) => void): Uint8Array {
  const buffer = spare ?? new Uint8Array(INITIAL_SIZE);
  spare = undefined;
  const writer: Writer = { buffer, position: 0, nodes: 0, keys: [], rootName };
  try {
    write(writer);
    return writer.buffer.slice(0, writer.position);
  } finally {
    if (writer.buffer.length <= MAX_KEPT_SIZE) spare = writer.buffer;
  }
}

/** Makes room for so many more bytes. */
export function reserve(writer: Writer, size: number): void {
  const needed = writer.position + size;
  if (needed <= writer.buffer.length) return;
  const larger = new Uint8Array(Math.max(needed, writer.buffer.length * 2));
  larger.set(writer.buffer.subarray(0, writer.position));
  writer.buffer = larger;
}

/** Writes bytes as they are. */
export function writeRaw(writer: Writer, bytes: Uint8Array): void {
  reserve(writer, bytes.length);
  writer.buffer.set(bytes, writer.position);
  writer.position += bytes.length;
}

/** Takes out what was written from an offset on. */
export function takeFrom(writer: Writer, start: number): Uint8Array {
  const bytes = writer.buffer.slice(start, writer.position);
  writer.position = start;
  return bytes;
}

/** The error for what cannot be encoded at `level` containers inside the value. */
export function refuse(writer: Writer, level: number, reason: string, problem: string): SerializationError {
  const path = writer.keys.slice(0, level).reduce<string>(childPath, writer.rootName);
  return new SerializationError(reason, `${path}: ${problem}`, { details: { path } });
}

/** Counts a value and refuses the one too many. */
export function countNode(writer: Writer, level: number): void {
  if (++writer.nodes > MAX_NODES) throw refuse(writer, level, "VALUE_TOO_COMPLEX", `the value holds more than ${MAX_NODES} values`);
}

/** Refuses a container inside 64 others, which is also where a cycle ends. */
export function checkDepth(writer: Writer, level: number): void {
  if (level < MAX_DEPTH) return;
  throw refuse(writer, level, "VALUE_TOO_DEEP", `the value is cyclic or nested more than ${MAX_DEPTH} levels deep`);
}
