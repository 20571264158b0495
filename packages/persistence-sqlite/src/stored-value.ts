/**
 * How values lie in their rows: beside a checksum of all that the row says, and, when they are rows of their own, compressed if that is
 * worth it. Nothing of it is seen outside of the file.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** How the bytes of a large value's row are stored. */
export const COMPRESSION = { none: 0, zstd: 1 } as const;

/** A large value as its row has it. */
export interface StoredBytes {
  readonly compression: number;
  readonly stored: Uint8Array;
}

/** What a variable's row says beside its value. */
export interface VariableFields {
  readonly session: number;
  readonly name: string;
  readonly revision: number;
  readonly encoding: string;
  readonly type: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | null | undefined;
  readonly sizeBytes: number;
}

/** What a large value's row says beside its value. */
export interface LargeFields {
  readonly session: number;
  readonly name: string;
  readonly revision: number;
  readonly compression: number;
}

/** Level 1: on messages as models write them it saves as much as the usual level 3, in half the time. */
const COMPRESS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** The bytes to store for a large value: compressed when that saves at least a tenth. */
export function compressed(bytes: Uint8Array): StoredBytes {
  const smaller = zstdCompressSync(bytes, COMPRESS);
  return smaller.length <= bytes.length * 0.9
    ? { compression: COMPRESSION.zstd, stored: smaller }
    : { compression: COMPRESSION.none, stored: bytes };
}

/** The value of `sizeBytes` that was stored so, or undefined when it cannot be had from these bytes. */
export function decompressed({ compression, stored }: StoredBytes, sizeBytes: number): Uint8Array | undefined {
  if (compression === COMPRESSION.none) return stored.length === sizeBytes ? stored : undefined;
  try {
    const bytes = zstdDecompressSync(stored, { maxOutputLength: sizeBytes });
    return bytes.length === sizeBytes ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** The checksum of a variable's row. `value` is null when the value is a row of its own. */
export function variableChecksum(of: VariableFields, value: Uint8Array | null): number {
  const { session, name, revision, encoding, type, createdAtMs, updatedAtMs, expiresAtMs, sizeBytes } = of;
  return checksum(value, [session, name, revision, encoding, type, createdAtMs, updatedAtMs, expiresAtMs, sizeBytes]);
}

/** The checksum of a large value's row. */
export function largeChecksum(of: LargeFields, stored: Uint8Array): number {
  return checksum(stored, [of.session, of.name, of.revision, of.compression]);
}

/** CRC-32 of the fields as text, nothing for an absent one, and then of the bytes as they are stored. */
export function checksum(stored: Uint8Array | null, fields: readonly (string | number | null | undefined)[]): number {
  const ofFields = crc32(fields.join("\0"));
  return stored === null ? ofFields : crc32(stored, ofFields);
}
