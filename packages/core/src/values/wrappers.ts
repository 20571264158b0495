import { InvalidArgumentError } from "../errors.ts";
import { isDateText, isDecimalText, isDurationParts, isTimeText } from "./extension-payloads.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const LENIENT_TIME = /^([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?(?:(Z)|([+-][0-9]{2}:[0-9]{2})(?::([0-9]{2}))?)?$/;

/** What the scalars that JavaScript lacks have in common: they are immutable, and equal when their types and texts are. */
abstract class TextScalar<Type extends string> {
  /** The type name of the value table. */
  readonly type: Type;
  readonly #text: string;

  protected constructor(type: Type, text: string) {
    this.type = type;
    this.#text = text;
  }

  equals(other: unknown): boolean {
    return other instanceof TextScalar && other.type === this.type && other.toString() === this.#text;
  }

  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#text;
  }
}

/** A decimal number, kept as the text that Python's `str(Decimal)` makes: `1.10` and `1.1` are different. Throws InvalidArgumentError. */
export class Decimal extends TextScalar<"decimal"> {
  constructor(text: string) {
    if (!isDecimalText(text)) throw malformed("decimal", text, "such as 1.10, 1E+3 or NaN");
    super("decimal", text);
  }
}

/** A UUID as lower case text with hyphens; upper case is accepted. Throws InvalidArgumentError. */
export class Uuid extends TextScalar<"uuid"> {
  constructor(text: string) {
    const lower = text.toLowerCase();
    if (!UUID.test(lower)) throw malformed("uuid", text, "such as 00112233-4455-6677-8899-aabbccddeeff");
    super("uuid", lower);
  }
}

/** A calendar day without a time or zone, `YYYY-MM-DD`, years 1 to 9999. Throws InvalidArgumentError. */
export class PlainDate extends TextScalar<"date"> {
  constructor(text: string) {
    if (!isDateText(text)) throw malformed("date", text, "such as 2024-02-29");
    super("date", text);
  }
}

/**
 * A time of day with an optional offset, spelled `HH:MM:SS[.ffffff][±HH:MM[:SS]]` as Python's `isoformat()` does; shorter ISO
 * spellings (`12:30`, `12:30:00.5Z`) are accepted and spelled out. Throws InvalidArgumentError.
 */
export class PlainTime extends TextScalar<"time"> {
  constructor(text: string) {
    const spelled = isTimeText(text) ? text : spellTime(text);
    if (!isTimeText(spelled)) throw malformed("time", text, "such as 12:30:00 or 12:30:00.500000+02:00");
    super("time", spelled);
  }
}

/** A length of time: whole seconds, which may be negative, and 0 to 999,999,999 nanoseconds to add. Throws InvalidArgumentError. */
export class Duration extends TextScalar<"duration"> {
  readonly seconds: number;
  readonly nanos: number;

  constructor(seconds: number, nanos = 0) {
    if (!Number.isInteger(seconds) || !Number.isInteger(nanos) || !isDurationParts(seconds, nanos)) {
      throw malformed("duration", `${seconds} s + ${nanos} ns`, "within ±999,999,999 days, with nanoseconds from 0 to 999,999,999");
    }
    super("duration", spellDuration(seconds + 0, nanos));
    this.seconds = seconds + 0;
    this.nanos = nanos + 0;
  }
}

/** A number that is written as a float even if it is whole; made by `float()`. Reading gives a plain number. */
export class Float {
  readonly type = "float";
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  equals(other: unknown): boolean {
    return other instanceof Float && Object.is(other.value, this.value);
  }

  toString(): string {
    return String(this.value);
  }

  toJSON(): number {
    return this.value;
  }

  valueOf(): number {
    return this.value;
  }
}

/** Marks a number to be written as a float: `float(1)` is 1.0 in every language, where a plain 1 is an integer. */
export function float(value: number): Float {
  return new Float(value);
}

function malformed(type: string, text: string, hint: string): InvalidArgumentError {
  return new InvalidArgumentError("INVALID_VALUE", `${JSON.stringify(text.slice(0, 64))} is not a ${type}; it must be spelled ${hint}`);
}

function spellTime(text: string): string {
  const match = LENIENT_TIME.exec(text);
  if (match === null) return "";
  const [, minutes, seconds = "00", fraction = "", utc, offset, offsetSeconds = "00"] = match;
  const decimals = /[1-9]/.test(fraction) ? `.${fraction.padEnd(6, "0")}` : "";
  const zone = utc !== undefined ? "+00:00" : offset === undefined ? "" : offsetSeconds === "00" ? offset : `${offset}:${offsetSeconds}`;
  return `${minutes}:${seconds}${decimals}${zone === "-00:00" ? "+00:00" : zone}`;
}

/** ISO 8601 in seconds: `PT1.5S`, `-PT0.000001S`. */
function spellDuration(seconds: number, nanos: number): string {
  const isNegative = seconds < 0;
  const total = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  const digits = (isNegative ? -total : total).toString().padStart(10, "0");
  const fraction = digits.slice(-9).replace(/0+$/, "");
  return `${isNegative ? "-" : ""}PT${digits.slice(0, -9)}${fraction === "" ? "" : `.${fraction}`}S`;
}
