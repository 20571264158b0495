/**
 * The bytes of responses. A large value that one carries goes out as it is stored: to copy a megabyte, three times as it was, costs more
 * than all else about its answer, and each copy is garbage that brings the next collection of the whole heap nearer.
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { GetVariableResponse, GetVariablesResponse } from "@session-bridge/protocol/session_bridge/v1/variables";

/** The bytes of a message, one piece after another. They are not to be changed: some of them may be a stored value. */
export type Pieces = readonly Uint8Array[];

/** Where a response carries values: the field, and its tag (number × 8 + 2, for bytes of a length). */
interface ValueField {
  readonly field: string;
  readonly tag: number;
}

const fieldOf = <Response>(field: keyof Response & string, number: number): ValueField => ({ field, tag: number * 8 + 2 });

/** By the key of the method. */
const VALUE_FIELDS: Readonly<Record<string, ValueField>> = {
  getVariable: fieldOf<GetVariableResponse>("value", 2),
  getVariables: fieldOf<GetVariablesResponse>("values", 1),
};

/** From so many bytes on it is quicker not to copy a value with the rest. */
export const LARGE_BYTES = 4096;

const NOTHING = new Uint8Array(0);

/** Makes the pieces of a method's responses: the value is the last one, for protobuf leaves the order of fields to whoever writes them. */
export function responsePieces(key: string, serialize: (response: never) => Uint8Array): (response: unknown) => Pieces {
  const whole = (response: unknown): Pieces => [serialize(response as never)];
  const found = VALUE_FIELDS[key];
  if (found === undefined) return whole;
  const { field, tag } = found;
  return (response) => {
    const value = (response as Record<string, unknown>)[field];
    if (!(value instanceof Uint8Array) || value.length < LARGE_BYTES) return whole(response);
    const rest = serialize({ ...(response as object), [field]: NOTHING } as never);
    return [rest, new BinaryWriter().uint32(tag).uint32(value.length).finish(), value];
  };
}

/** The length of all pieces. */
export const lengthOf = (pieces: Pieces): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** All pieces as one. */
export function joined(pieces: Pieces): Buffer {
  const [first = NOTHING] = pieces;
  return pieces.length <= 1 ? Buffer.from(first.buffer, first.byteOffset, first.length) : Buffer.concat(pieces);
}
