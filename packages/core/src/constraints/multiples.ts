/** A decimal number: digits times ten to the exponent. */
interface DecimalNumber {
  readonly digits: bigint;
  readonly exponent: number;
}

/**
 * Whether a number is a multiple, decided without rounding: whole numbers are what they are, and a fraction is the shortest decimal that
 * reads as it, so that 0.3 is a multiple of 0.1 and 0.1 + 0.2 is not. NaN and the infinities are multiples of nothing.
 */
export function multipleOf(divisor: number | bigint): (value: number | bigint) => boolean {
  const step = decimalOf(divisor);
  return (value) => {
    if (typeof value === "number" && typeof divisor === "number" && Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) {
      return value % divisor === 0;
    }
    if (typeof value === "number" && !Number.isFinite(value)) return false;
    const { digits, exponent } = decimalOf(value);
    const shared = Math.min(exponent, step.exponent);
    return (digits * 10n ** BigInt(exponent - shared)) % (step.digits * 10n ** BigInt(step.exponent - shared)) === 0n;
  };
}

function decimalOf(value: number | bigint): DecimalNumber {
  if (typeof value === "bigint" || Number.isInteger(value)) return { digits: BigInt(value), exponent: 0 };
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}
