import type { EncodedValue, TypeName } from "./types.ts";

const EXTENSION_NAMES: readonly TypeName[] = [
  "timestamp",
  "custom",
  "big_integer",
  "decimal",
  "uuid",
  "date",
  "time",
  "duration",
  "tuple",
  "set",
  "ndarray",
];

/** The type name of a scanned value: `custom` when it is not msgpack, else what its first bytes say. */
export function typeNameOf(value: EncodedValue): TypeName {
  return value.encoding === "" ? typeNameAt(value.bytes, 0) : "custom";
}

/** The type name of the valid msgpack value that begins at an offset. */
export function typeNameAt(bytes: Uint8Array, offset: number): TypeName {
  const lead = bytes[offset] as number;
  if (lead < 0x80 || lead >= 0xe0) return "integer";
  if (lead < 0x90) return "map";
  if (lead < 0xa0) return "list";
  if (lead < 0xc0) return "string";
  switch (lead) {
    case 0xc0:
      return "null";
    case 0xc2:
    case 0xc3:
      return "boolean";
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return "bytes";
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return extensionName(bytes[offset + 1 + (1 << (lead - 0xc7))]);
    case 0xca:
    case 0xcb:
      return "float";
    case 0xd9:
    case 0xda:
    case 0xdb:
      return "string";
    case 0xdc:
    case 0xdd:
      return "list";
    case 0xde:
    case 0xdf:
      return "map";
    default:
      return lead < 0xd4 ? "integer" : extensionName(bytes[offset + 1]);
  }
}

/** The codes −1 to 9 in order; −1 is the byte 0xff. */
function extensionName(code: number | undefined): TypeName {
  return EXTENSION_NAMES[((code ?? 0) + 1) & 0xff] ?? "custom";
}
