import { Extension } from "./types.ts";
import { readUtf8 } from "./utf8.ts";

/** The first and the last second of the years 1 to 9999, since the epoch. */
export const MIN_TIMESTAMP_SECONDS = -62_135_596_800;
export const MAX_TIMESTAMP_SECONDS = 253_402_300_799;

/** The largest adjusted exponent and the smallest exponent that Python's decimal module can hold. */
const MAX_DECIMAL_ADJUSTED = 999_999_999_999_999_999n;
const MIN_DECIMAL_EXPONENT = -1_999_999_999_999_999_997n;

const SPECIAL_DECIMAL = /^-?(?:Infinity|s?NaN(?:[1-9][0-9]*)?)$/;
const FINITE_DECIMAL = /^-?([0-9]+)(?:\.([0-9]+))?(?:E([+-](?:0|[1-9][0-9]*)))?$/;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const TIME =
  /^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?)?$/;

/**
 * What is wrong with the payload of a scalar extension in bytes[start, end): a sentence's end, or undefined when it is right.
 * `code` is one of the dialect's scalar extensions.
 */
export function payloadProblem(code: number, bytes: Uint8Array, start: number, end: number): string | undefined {
  switch (code) {
    case Extension.timestamp:
      return isTimestamp(bytes, start, end) ? undefined : "a timestamp has 4, 8 or 12 bytes, below 10⁹ nanoseconds and a year in 1–9999";
    case Extension.bigInteger:
      return isBigInteger(bytes, start, end) ? undefined : "a big integer is minimal two's complement outside −2⁶³…2⁶⁴−1";
    case Extension.decimal:
      return isDecimalText(asciiText(bytes, start, end)) ? undefined : "a decimal is spelled as Python's str(Decimal) spells it";
    case Extension.uuid:
      return end - start === 16 ? undefined : "a uuid has 16 bytes";
    case Extension.date:
      return isDateText(asciiText(bytes, start, end)) ? undefined : "a date is a calendar day YYYY-MM-DD";
    case Extension.time:
      return isTimeText(asciiText(bytes, start, end)) ? undefined : "a time is HH:MM:SS with up to 6 decimals and an optional offset";
    default:
      return isDuration(bytes, start, end) ? undefined : "a duration has 8 bytes of seconds and 4 of nanoseconds below 10⁹";
  }
}

/** Whether a text is one that Python's `str(Decimal)` makes (General Decimal Arithmetic, to-scientific-string). */
export function isDecimalText(text: string): boolean {
  const match = FINITE_DECIMAL.exec(text);
  if (match === null) return SPECIAL_DECIMAL.test(text);
  const [, whole = "", fraction = "", exponent] = match;
  if (whole.length > 1 && whole.startsWith("0")) return false;
  if (exponent === undefined) {
    const padding = whole === "0" ? leadingZeros(fraction) : 0;
    return padding < 6 || whole !== "0" || (padding === 6 && fraction.length === 6);
  }
  if (whole.length > 1 || (whole === "0" && fraction !== "") || exponent.length > 20) return false;
  const adjusted = BigInt(exponent);
  const least = adjusted - BigInt(fraction.length);
  if (adjusted > MAX_DECIMAL_ADJUSTED || least < MIN_DECIMAL_EXPONENT) return false;
  return least > 0n || adjusted < -6n;
}

/** Whether a text is a real day of the years 1 to 9999, `YYYY-MM-DD`. */
export function isDateText(text: string): boolean {
  const match = DATE.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

/** Whether a text is an ISO time of day with up to 6 decimals and an optional offset below 24 hours. */
export function isTimeText(text: string): boolean {
  return TIME.test(text);
}

/** The text of a payload; what is not ASCII becomes a character that no grammar accepts. */
function asciiText(bytes: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end; at++) if ((bytes[at] as number) >= 0x80) return "\u{fffd}";
  return readUtf8(bytes, start, end);
}

function leadingZeros(digits: string): number {
  let count = 0;
  while (digits.charCodeAt(count) === 0x30) count++;
  return count;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isTimestamp(bytes: Uint8Array, start: number, end: number): boolean {
  const size = end - start;
  if (size === 4) return true;
  if (size !== 8 && size !== 12) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, size);
  // 34 bits of seconds end in the year 2514, so the 8-byte form can only be wrong in its 30 bits of nanoseconds.
  if (size === 8) return view.getUint32(0) >>> 2 < 1e9;
  const seconds = view.getInt32(4) * 2 ** 32 + view.getUint32(8);
  return view.getUint32(0) < 1e9 && seconds >= MIN_TIMESTAMP_SECONDS && seconds <= MAX_TIMESTAMP_SECONDS;
}

function isBigInteger(bytes: Uint8Array, start: number, end: number): boolean {
  const size = end - start;
  if (size < 9) return false;
  const first = bytes[start] as number;
  const second = bytes[start + 1] as number;
  if ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)) return false;
  return !(size === 9 && first === 0);
}

function isDuration(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 12) return false;
  return new DataView(bytes.buffer, bytes.byteOffset + start + 8, 4).getUint32(0) < 1e9;
}
