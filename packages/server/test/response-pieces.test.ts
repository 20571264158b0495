/** What a response's bytes are, when they are not one piece. */
import { GetVariableResponse, GetVariablesResponse } from "@session-bridge/protocol/session_bridge/v1/variables";
import { describe, expect, it } from "vitest";
import { joined, LARGE_BYTES, lengthOf, responsePieces } from "../src/carrier/response-pieces.ts";

const METHODS = {
  getVariable: { codec: GetVariableResponse, field: "value", rest: { found: true, encoding: "msgpack", sessionRevision: 7n } },
  getVariables: { codec: GetVariablesResponse, field: "values", rest: { nextPageToken: "x", sessionRevision: 7n } },
} as const;

const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

describe.each(Object.entries(METHODS))("the response of %s", (key, { codec, field, rest }) => {
  const serialize = (response: never): Uint8Array => codec.encode(response).finish();
  const pieces = responsePieces(key, serialize);
  const withValue = (length: number) => codec.fromPartial({ ...rest, [field]: bytesOf(length) } as never);

  it.each([0, 1, LARGE_BYTES - 1, LARGE_BYTES, 20_000, 3_000_000])("says the same in pieces as in one, with %i bytes", (length) => {
    const response = withValue(length);
    const made = pieces(response);
    expect(serialize(codec.decode(joined(made)) as never)).toEqual(serialize(response as never));
    expect(joined(made).length).toBe(lengthOf(made));
  });

  it("has a large value itself, no copy of it", () => {
    const response = withValue(LARGE_BYTES);
    expect(pieces(response).at(-1)).toBe((response as unknown as Record<string, unknown>)[field]);
  });

  it("is one piece when there is no large value", () => {
    expect(pieces(withValue(LARGE_BYTES - 1))).toHaveLength(1);
  });
});

it("other responses are one piece", () => {
  const bytes = bytesOf(2 * LARGE_BYTES);
  expect(responsePieces("updateVariables", () => bytes)({ value: bytes })).toEqual([bytes]);
});
