/**
 * A client that costs less than the server that it measures: gRPC's unary calls over bare HTTP/2. Each caller has a connection of its own,
 * and gives every change a request id, as our clients do; it tries nothing twice.
 */
import { randomBytes } from "node:crypto";
import { connect } from "node:http2";
import { GetVariableRequest, GetVariableResponse, SetVariableRequest } from "@session-bridge/protocol/session_bridge/v1/variables";

/** Calls of one connection. Rejects when a call does not end with the status OK within 30 s. */
export interface Caller {
  set(sessionId: string, name: string, value: Uint8Array): Promise<void>;
  /** The value's bytes, undefined when there is none. */
  get(sessionId: string, name: string): Promise<Uint8Array | undefined>;
  close(): void;
}

/** The bytes of a request that sets a variable, a new one each time. */
export const setRequest = (sessionId: string, name: string, value: Uint8Array): Uint8Array =>
  SetVariableRequest.encode(
    SetVariableRequest.fromPartial({ sessionId, name, value: Buffer.from(value), requestId: randomBytes(16) }),
  ).finish();

/** A string as a value. */
export function stringValue(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5);
  head[0] = 0xdb;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A caller of the server at `host:port`. */
export function caller(address: string): Caller {
  const session = connect(`http://${address}`);
  // Each call that is under way is told by its own stream.
  session.on("error", () => {});

  const call = (method: string, message: Uint8Array): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        ":method": "POST",
        ":path": `/session_bridge.v1.VariableService/${method}`,
        "content-type": "application/grpc",
        "grpc-timeout": "30S",
        te: "trailers",
      });
      const chunks: Buffer[] = [];
      let status: unknown;
      const statusOf = (headers: Readonly<Record<string, unknown>>): void => {
        status = headers["grpc-status"] ?? status;
      };
      stream.on("response", statusOf);
      stream.on("trailers", statusOf);
      stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
      stream.on("error", reject);
      stream.on("close", () => {
        if (status === "0") resolve(Buffer.concat(chunks));
        else reject(new Error(`${method} ended with the status ${String(status)}`));
      });
      stream.end(framed(message));
    });

  return {
    async set(sessionId, name, value) {
      await call("SetVariable", setRequest(sessionId, name, value));
    },
    async get(sessionId, name) {
      const request = GetVariableRequest.encode(GetVariableRequest.fromPartial({ sessionId, name })).finish();
      const { found, value } = GetVariableResponse.decode((await call("GetVariable", request)).subarray(5));
      return found ? value : undefined;
    },
    close: () => session.close(),
  };
}

/** A message as gRPC sends it: not compressed, its length before it. */
function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
