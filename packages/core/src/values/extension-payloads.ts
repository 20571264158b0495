import { Extension } from "./types.ts";
import { readUtf8 } from "./utf8.ts";

/** The first and the last second of the years 1 to 9999, since the epoch. */
export const MIN_TIMESTAMP_SECONDS = -62_135_596_800;
export const MAX_TIMESTAMP_SECONDS = 253_402_300_799;

/** The seconds of −999,999,999 days and of the last second of day 999,999,999: what Python's timedelta can hold. */
const MIN_DURATION_SECONDS = -86_399_999_913_600;
const MAX_DURATION_SECONDS = 86_399_999_999_999;

/** How Python's `str(Decimal)` spells: plain, scientific with one digit before the point, or a special value. */
const DECIMAL = /^-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|[0-9](?:\.[0-9]+)?E[+-](?:0|[1-9][0-9]{0,17})|Infinity|s?NaN[0-9]*)$/;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
/** How Python's `time.isoformat()` spells: six decimals or none, `+00:00` for zero, seconds of an offset only if not 0. */
const TIME =
  /^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.(?!000000)[0-9]{6})?(?:(?!-00:00$)[+-](?:[01][0-9]|2[0-3]):[0-5][0-9](?::(?!00)[0-5][0-9])?)?$/;

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
      return isTimeText(asciiText(bytes, start, end)) ? undefined : "a time is spelled as Python's time.isoformat() spells it";
    default:
      return isDuration(bytes, start, end)
        ? undefined
        : "a duration has 8 bytes of seconds within ±999,999,999 days and 4 of nanoseconds below 10⁹";
  }
}

/** Whether a text is a decimal as the dialect spells it. */
export function isDecimalText(text: string): boolean {
  return DECIMAL.test(text);
}

/** Whether a text is a real day of the years 1 to 9999, `YYYY-MM-DD`. */
export function isDateText(text: string): boolean {
  const match = DATE.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

/** Whether a text is a time of day as the dialect spells it. */
export function isTimeText(text: string): boolean {
  return TIME.test(text);
}

/** The text of a payload; what is not ASCII becomes a character that no grammar accepts. */
function asciiText(bytes: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end; at++) if ((bytes[at] as number) >= 0x80) return "\u{fffd}";
  return readUtf8(bytes, start, end);
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
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, 12);
  return isDurationParts(view.getInt32(0) * 2 ** 32 + view.getUint32(4), view.getUint32(8));
}

/** Whether seconds and the nanoseconds to add to them are a duration that both languages hold. */
export function isDurationParts(seconds: number, nanos: number): boolean {
  return seconds >= MIN_DURATION_SECONDS && seconds <= MAX_DURATION_SECONDS && nanos >= 0 && nanos < 1e9;
}
