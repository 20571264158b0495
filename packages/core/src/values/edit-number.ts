import { IntegerOverflowError, TypeMismatchError } from "../errors.ts";
import {
  isFloatLead,
  isIntegerLead,
  MAX_INTEGER,
  MIN_INTEGER,
  readFloat,
  readInteger,
  writeBigInteger,
  writeFloat,
  writeInteger,
} from "./numbers.ts";
import { typeNameAt } from "./type-name.ts";

/**
 * The sum of two encoded numbers: exact in its shortest form between integers, a float64 when one of them is a float. What is missing is 0.
 * @throws TypeMismatchError for anything but integers and floats, IntegerOverflowError beyond −2⁶³…2⁶⁴−1.
 */
export function incrementBytes(current: Uint8Array | undefined, by: Uint8Array): Uint8Array {
  const step = readNumber(by, "cannot increment by");
  const start = current === undefined ? { isFloat: false, value: 0 } : readNumber(current, "cannot increment");
  if (step.isFloat || start.isFloat) return floatBytes(Number(start.value) + Number(step.value));
  return integerBytes(start.value, step.value);
}

function readNumber(bytes: Uint8Array, refusal: string): { isFloat: boolean; value: number | bigint } {
  const lead = bytes[0] as number;
  if (isIntegerLead(lead)) return { isFloat: false, value: readInteger(bytes, 0) };
  if (isFloatLead(lead)) return { isFloat: true, value: readFloat(bytes, 0) };
  throw new TypeMismatchError(`${refusal} a value of type ${typeNameAt(bytes, 0)}: only integer and float are numbers`);
}

function floatBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  writeFloat(bytes, 0, value);
  return bytes;
}

function integerBytes(start: number | bigint, step: number | bigint): Uint8Array {
  const target = new Uint8Array(9);
  if (typeof start === "number" && typeof step === "number" && Number.isSafeInteger(start + step)) {
    return target.slice(0, writeInteger(target, 0, start + step));
  }
  const sum = BigInt(start) + BigInt(step);
  if (sum < MIN_INTEGER || sum > MAX_INTEGER) throw new IntegerOverflowError(`the sum ${sum} is outside −2⁶³…2⁶⁴−1`);
  return target.slice(0, writeBigInteger(target, 0, sum));
}
