/** Timestamps and durations as text, to the nanosecond. Years are 1 to 9999, as the dialect has them. */

const NANOS = 1_000_000_000n;
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/;
const DURATION = /^(-?)(\d{1,19})(?:\.(\d{1,9}))?$/;

/** `2024-02-29T12:30:00.5Z` of a timestamp's payload. */
export function timestampText(payload: Buffer): string {
  const [seconds, nanos] = timestampParts(payload);
  return new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, `${fraction(nanos)}Z`);
}

/** The shortest payload of a timestamp in UTC; undefined for text that is none. */
export function timestampPayload(text: string): Buffer | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  // setUTCFullYear, because Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (!text.startsWith(date.toISOString().slice(0, 19))) return undefined;
  return packTimestamp(BigInt(date.getTime() / 1000), nanosOf(match[7]));
}

/** `-0.5`: seconds with up to nine digits, of a duration's payload. */
export function durationText(payload: Buffer): string {
  const total = payload.readBigInt64BE() * NANOS + BigInt(payload.readUInt32BE(8));
  const size = total < 0n ? -total : total;
  return `${total < 0n ? "-" : ""}${size / NANOS}${fraction(size % NANOS)}`;
}

/** The payload of a duration; undefined for text that is none. */
export function durationPayload(text: string): Buffer | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const size = BigInt(match[2] as string) * NANOS + nanosOf(match[3]);
  const total = match[1] === "-" ? -size : size;
  const nanos = ((total % NANOS) + NANOS) % NANOS;
  const seconds = (total - nanos) / NANOS;
  if (BigInt.asIntN(64, seconds) !== seconds) return undefined;
  const payload = Buffer.alloc(12);
  payload.writeBigInt64BE(seconds);
  payload.writeUInt32BE(Number(nanos), 8);
  return payload;
}

/** The three forms of msgpack's timestamp: 32 bits of seconds; 30 of nanoseconds and 34 of seconds; 32 of nanoseconds and 64 of seconds. */
function timestampParts(payload: Buffer): readonly [seconds: bigint, nanos: bigint] {
  if (payload.length === 4) return [BigInt(payload.readUInt32BE()), 0n];
  if (payload.length === 12) return [payload.readBigInt64BE(4), BigInt(payload.readUInt32BE())];
  const both = payload.readBigUInt64BE();
  return [both & ((1n << 34n) - 1n), both >> 34n];
}

function packTimestamp(seconds: bigint, nanos: bigint): Buffer {
  const form = seconds < 0n || seconds >= 1n << 34n ? 12 : nanos > 0n || seconds >= 1n << 32n ? 8 : 4;
  const payload = Buffer.alloc(form);
  if (form === 4) payload.writeUInt32BE(Number(seconds));
  else if (form === 8) payload.writeBigUInt64BE((nanos << 34n) | seconds);
  else {
    payload.writeUInt32BE(Number(nanos));
    payload.writeBigInt64BE(seconds, 4);
  }
  return payload;
}

/** `.5` of 500,000,000; nothing of 0. */
function fraction(nanos: bigint): string {
  return nanos === 0n ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
}

function nanosOf(digits: string | undefined): bigint {
  return BigInt((digits ?? "").padEnd(9, "0"));
}
