/** A server of the direct protocol whose answers a test writes by hand. */
import { EventEmitter } from "node:events";
import { createServer, type Socket } from "node:net";
import type { Metadata } from "@grpc/grpc-js";
import { Status } from "@session-bridge/protocol/google/rpc/status";
import { DirectMetadata, DirectMethod, DirectWelcome } from "@session-bridge/protocol/session_bridge/v1/direct";
import {
  GetVariableResponse,
  GetVariablesResponse,
  SetVariableResponse,
  VariableServiceService as Variables,
} from "@session-bridge/protocol/session_bridge/v1/variables";
import { FLAG_METADATA, FRAME, type Frame, FrameReader, frame, MAGIC } from "../../src/frames.ts";
import type { FakeAnswers, FakeServer, WatchStream } from "./fake-server.ts";

const METHODS = {
  [DirectMethod.DIRECT_METHOD_GET_VARIABLE]: "getVariable",
  [DirectMethod.DIRECT_METHOD_GET_VARIABLES]: "getVariables",
  [DirectMethod.DIRECT_METHOD_SET_VARIABLE]: "setVariable",
  [DirectMethod.DIRECT_METHOD_WATCH_VARIABLES]: "watchVariables",
} as const;

/** The bytes of each answer; what a test leaves out is as empty as it can be. */
const BYTES_OF = {
  getVariable: (given: Partial<GetVariableResponse>) => GetVariableResponse.encode(GetVariableResponse.fromPartial(given)).finish(),
  getVariables: (given: Partial<GetVariablesResponse>) => GetVariablesResponse.encode(GetVariablesResponse.fromPartial(given)).finish(),
  setVariable: (given: Partial<SetVariableResponse>) => SetVariableResponse.encode(SetVariableResponse.fromPartial(given)).finish(),
};

/** A watch as grpc-js shows it to a handler, as far as tests look. */
class Stream extends EventEmitter {
  readonly request: unknown;
  cancelled = false;
  readonly #send: (kind: number, payload?: Uint8Array) => void;

  constructor(request: unknown, send: (kind: number, payload?: Uint8Array) => void) {
    super();
    this.request = request;
    this.#send = send;
    this.on("error", (status: { code: number }) => send(FRAME.error, statusBytes(status)));
  }

  write(message: never): void {
    this.#send(FRAME.item, Variables.watchVariables.responseSerialize(message));
  }

  end(): void {
    this.#send(FRAME.end);
  }

  left(): void {
    this.cancelled = true;
    this.emit("cancelled");
  }
}

/** Starts one on a free port. */
export async function fakeDirectServer(answers: FakeAnswers): Promise<FakeServer> {
  const calls: Record<string, number> = {};
  const cancelled: string[] = [];
  const headers: Record<string, unknown>[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const reader = new FrameReader({ keptBytes: 2 ** 32, skippedBytes: 2 ** 32 });
    const streams = new Map<number, Stream>();
    const unanswered = new Map<number, string>();
    let greeted = false;
    const answer = (found: Frame): void => {
      const { call, method } = found;
      const { header, payload } = partsOf(found);
      headers.push(header);
      const name = METHODS[method as keyof typeof METHODS];
      const count = (calls[name] ?? 0) + 1;
      calls[name] = count;
      const send = (kind: number, bytes?: Uint8Array): void => void (socket.writable && socket.write(frame({ kind, call }, bytes)));
      const request = Variables[name].requestDeserialize(payload);
      if (name === "watchVariables") {
        const stream = new Stream(request, send);
        streams.set(call, stream);
        if (answers.watchVariables === undefined) stream.emit("error", { code: 12 });
        else answers.watchVariables(stream as unknown as WatchStream, count);
        return;
      }
      const given = answers[name] === undefined ? { code: 12 } : answers[name](request as never, count);
      if (given === undefined) unanswered.set(call, name);
      else if ("code" in given) send(FRAME.error, statusBytes(given));
      else send(FRAME.answer, BYTES_OF[name](given));
    };
    socket.on("data", (chunk) => {
      reader.push(chunk);
      if (!greeted && reader.take(MAGIC.length) === undefined) return;
      greeted = true;
      for (let found = reader.next(); found !== undefined; found = reader.next()) {
        if (found.kind === FRAME.hello) {
          const welcome = DirectWelcome.encode(DirectWelcome.fromPartial({ version: 1 })).finish();
          socket.write(Buffer.concat([MAGIC, frame({ kind: FRAME.welcome }, welcome)]));
        } else if (found.kind === FRAME.call) answer(found);
        else if (found.kind === FRAME.cancel) {
          streams.get(found.call)?.left();
          const name = unanswered.get(found.call);
          if (name !== undefined) cancelled.push(name);
        }
      }
    });
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  return {
    address: `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    calls,
    cancelled,
    headers,
    kill() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A call's metadata, as far as it has any, and its request. */
function partsOf({ flags, payload }: Frame): { readonly header: Record<string, unknown>; readonly payload: Buffer } {
  if (flags !== FLAG_METADATA) return { header: {}, payload };
  const end = 2 + payload.readUInt16LE(0);
  const { traceparent, tracestate } = DirectMetadata.decode(payload.subarray(2, end));
  return { header: tracestate === "" ? { traceparent } : { traceparent, tracestate }, payload: payload.subarray(end) };
}

/** As grpc-js has it: the details are in the metadata. */
function statusBytes({ code, details = "", metadata }: { code: number; details?: string; metadata?: Metadata }): Uint8Array {
  const [encoded] = metadata?.get("grpc-status-details-bin") ?? [];
  return encoded instanceof Buffer ? encoded : Status.encode({ code, message: details, details: [] }).finish();
}
