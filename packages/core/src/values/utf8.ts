/** The part of the language's text globals used here, so that core needs no platform's types. */
declare const TextDecoder: new (label: string, options: { ignoreBOM: boolean }) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encodeInto(text: string, target: Uint8Array): { read: number; written: number } };

/** A byte order mark is text like any other. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Below this many bytes a loop in JavaScript beats the call into the platform's decoder. */
const SHORT = 32;

/** Whether bytes[start, end) are UTF-8 as RFC 3629 has it: shortest forms, no surrogates, nothing above U+10FFFF. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && (bytes[at] as number) < 0x80) at++;
  while (at < end) {
    const lead = bytes[at] as number;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const size = sequenceSize(lead);
    if (size === 0 || at + size > end || !isSecondByte(lead, bytes[at + 1] as number)) return false;
    for (let i = at + 2; i < at + size; i++) if (((bytes[i] as number) & 0xc0) !== 0x80) return false;
    at += size;
  }
  return true;
}

/** The bytes a multi-byte sequence with this lead has, 0 when no such sequence exists. */
function sequenceSize(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** RFC 3629, section 4: the second byte's range excludes overlong forms, surrogates and what is above U+10FFFF. */
function isSecondByte(lead: number, second: number): boolean {
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return second >= low && second <= high;
}

/** The text of bytes[start, end), which are known to be UTF-8. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT) return decoder.decode(bytes.subarray(start, end));
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x80) return decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Map keys recur from value to value: one that was read before is found by comparing bytes, which makes no string. */
const KEY_SLOTS = 512;
const MAX_CACHED_KEY = 24;
const recentKeys = new Array<string>(KEY_SLOTS).fill("");

/** As `readUtf8`, for a map key. */
export function readKey(bytes: Uint8Array, start: number, end: number): string {
  const size = end - start;
  if (size > MAX_CACHED_KEY) return readUtf8(bytes, start, end);
  let hash = size;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  const slot = hash & (KEY_SLOTS - 1);
  const recent = recentKeys[slot] as string;
  if (isAsciiText(recent, bytes, start, size)) return recent;
  const text = readUtf8(bytes, start, end);
  if (text.length === size) recentKeys[slot] = text;
  return text;
}

function isAsciiText(text: string, bytes: Uint8Array, start: number, size: number): boolean {
  if (text.length !== size) return false;
  for (let i = 0; i < size; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

/** The bytes that a well-formed text takes in UTF-8. */
export function utf8Size(text: string): number {
  let size = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) size += 1;
    else if (unit < 0xd800 || unit > 0xdfff) size += 2;
    else size += 1;
  }
  return size;
}

/** Writes as much of a well-formed text as fits from an offset on; answers how many units were read and how many bytes were written. */
export function writeSomeUtf8(text: string, target: Uint8Array, offset: number): { read: number; written: number } {
  return encoder.encodeInto(text, target.subarray(offset));
}

/** Writes a well-formed text at an offset; the room was made by `utf8Size`. */
export function writeUtf8(text: string, target: Uint8Array, offset: number): void {
  if (text.length > SHORT) {
    encoder.encodeInto(text, target.subarray(offset));
    return;
  }
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      encoder.encodeInto(text.slice(i), target.subarray(offset + i));
      return;
    }
    target[offset + i] = unit;
  }
}
