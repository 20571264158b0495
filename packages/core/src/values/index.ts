/** Values as bytes: the pinned msgpack dialect, its type names, edits on bytes, and the JavaScript codec. */
export { type DecodeOptions, decode } from "./decode.ts";
export { appendBytes } from "./edit-append.ts";
export { mergeBytes } from "./edit-merge.ts";
export { incrementBytes } from "./edit-number.ts";
export { type EncodeOptions, encode } from "./encode.ts";
export { encodeOver } from "./encode-over.ts";
export { NdArray, type NdArrayType, type NdArrayView } from "./ndarray.ts";
export { type PackedEntry, packedCount, packedEntrySize, packMap, type ScannedEntry, unpackMap } from "./packed.ts";
export { scanValue } from "./scan.ts";
export { typeNameOf } from "./type-name.ts";
export { type DialectRule, type EncodedValue, MAX_DEPTH, MAX_NODES, type TypeName } from "./types.ts";
export { Decimal, Duration, Float, float, PlainDate, PlainTime, Uuid } from "./wrappers.ts";
