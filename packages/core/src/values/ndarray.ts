import { InvalidArgumentError } from "../errors.ts";
import { booleanProblem, ndArrayProblem } from "./ndarray-payload.ts";

/** The element types of an ndarray, spelled as numpy spells them: little-endian, `|` where there is one byte. */
export type NdArrayType = "|b1" | "|i1" | "|u1" | "<i2" | "<u2" | "<i4" | "<u4" | "<f4" | "<i8" | "<u8" | "<f8";

const VIEWS = {
  "|b1": Uint8Array,
  "|i1": Int8Array,
  "|u1": Uint8Array,
  "<i2": Int16Array,
  "<u2": Uint16Array,
  "<i4": Int32Array,
  "<u4": Uint32Array,
  "<f4": Float32Array,
  "<i8": BigInt64Array,
  "<u8": BigUint64Array,
  "<f8": Float64Array,
} as const;

/** The typed arrays that hold an ndarray's elements on a little-endian machine; booleans are the bytes 0 and 1. */
export type NdArrayView =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Float64Array;

/** An immutable n-dimensional array of numbers or booleans: element type, shape, and the elements in C order. */
export class NdArray {
  readonly type = "ndarray";
  readonly dtype: NdArrayType;
  readonly shape: readonly number[];
  readonly #data: Uint8Array<ArrayBuffer>;

  /** Copies `data`, the little-endian bytes of the elements. Throws InvalidArgumentError where dtype, shape and size do not fit. */
  constructor(dtype: NdArrayType, shape: readonly number[], data: Uint8Array) {
    const problem = ndArrayProblem(dtype, shape, data.length) ?? (dtype === "|b1" ? booleanProblem(data, 0, data.length) : undefined);
    if (problem !== undefined) throw new InvalidArgumentError("INVALID_VALUE", problem);
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.#data = new Uint8Array(data);
  }

  /** An array of a typed array's elements, of one dimension unless a shape is given. Throws InvalidArgumentError as the constructor. */
  static from(view: NdArrayView, shape: readonly number[] = [view.length]): NdArray {
    const dtype = (Object.keys(VIEWS) as NdArrayType[]).find((name) => name !== "|b1" && view instanceof VIEWS[name]);
    if (dtype === undefined) throw new InvalidArgumentError("INVALID_VALUE", "an ndarray holds no elements of this typed array");
    return new NdArray(dtype, shape, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }

  /** A copy of the elements' little-endian bytes. */
  toBytes(): Uint8Array {
    return this.#data.slice();
  }

  /** A copy of the elements, as the typed array that fits the dtype. */
  toTypedArray(): NdArrayView {
    return new VIEWS[this.dtype](this.#data.slice().buffer);
  }

  /** Whether the other is an ndarray of the same dtype, shape and bytes. */
  equals(other: unknown): boolean {
    if (!(other instanceof NdArray) || other.dtype !== this.dtype || other.shape.length !== this.shape.length) return false;
    return this.shape.every((length, i) => length === other.shape[i]) && this.#data.every((byte, i) => byte === other.#data[i]);
  }

  toString(): string {
    return `NdArray(${this.dtype}, [${this.shape.join(", ")}])`;
  }

  /** The dtype, the shape, and the elements in C order; integers of 64 bits become strings. */
  toJSON(): { dtype: string; shape: readonly number[]; elements: (number | string)[] } {
    const elements = Array.from(this.toTypedArray() as Iterable<number | bigint>, (element) =>
      typeof element === "bigint" ? element.toString() : element,
    );
    return { dtype: this.dtype, shape: this.shape, elements };
  }
}
