/** A server whose answers a test writes by hand, for what a good server does not do. */
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  type sendUnaryData,
} from "@grpc/grpc-js";
import {
  type GetVariableRequest,
  GetVariableResponse,
  type GetVariablesRequest,
  GetVariablesResponse,
  type SetVariableRequest,
  SetVariableResponse,
  VariableServiceService,
  type WatchVariablesRequest,
  type WatchVariablesResponse,
} from "@session-bridge/protocol/session_bridge/v1/variables";
import { fakeDirectServer } from "./fake-direct-server.ts";

/** What a handler answers: a message, a status, or nothing at all. */
export type Answer<A> = Partial<A> | { readonly code: number; readonly details?: string; readonly metadata?: Metadata } | undefined;

/** The handlers; what is left out is UNIMPLEMENTED. `call` counts from 1. */
export interface FakeAnswers {
  readonly getVariable?: (request: GetVariableRequest, call: number) => Answer<GetVariableResponse>;
  readonly getVariables?: (request: GetVariablesRequest, call: number) => Answer<GetVariablesResponse>;
  readonly setVariable?: (request: SetVariableRequest, call: number) => Answer<SetVariableResponse>;
  readonly watchVariables?: (stream: WatchStream, call: number) => void;
}

/** A watch in the hands of a test. */
export type WatchStream = ServerWritableStream<WatchVariablesRequest, WatchVariablesResponse>;

/** A fake server that listens. */
export interface FakeServer {
  readonly address: string;
  /** How often each method was called. */
  readonly calls: Readonly<Record<string, number>>;
  /** The unary calls whose callers took them back. */
  readonly cancelled: readonly string[];
  /** The metadata of each call. */
  readonly headers: readonly Readonly<Record<string, unknown>>[];
  /** Cuts every connection. */
  kill(): void;
}

/** Starts one on a free port: of gRPC, or of the direct protocol. */
export async function fakeServer(answers: FakeAnswers, carrier: "grpc" | "direct" = "grpc"): Promise<FakeServer> {
  if (carrier === "direct") return fakeDirectServer(answers);
  const calls: Record<string, number> = {};
  const cancelled: string[] = [];
  const headers: Record<string, unknown>[] = [];
  const server = new Server();
  const handler =
    <Q, A>(method: string, answer: ((request: Q, call: number) => Answer<A>) | undefined, whole: (partial: Partial<A>) => A) =>
    (call: ServerUnaryCall<Q, A>, reply: sendUnaryData<A>): void => {
      calls[method] = (calls[method] ?? 0) + 1;
      headers.push(call.metadata.getMap());
      call.on("cancelled", () => cancelled.push(method));
      const given = answer === undefined ? { code: 12 } : answer(call.request, calls[method]);
      if (given === undefined) return;
      if ("code" in given) reply(given as Partial<StatusObject>);
      else reply(null, whole(given as Partial<A>));
    };
  server.addService(VariableServiceService, {
    getVariable: handler("getVariable", answers.getVariable, (answer) => GetVariableResponse.fromPartial(answer)),
    getVariables: handler("getVariables", answers.getVariables, (answer) => GetVariablesResponse.fromPartial(answer)),
    watchVariables: (stream: WatchStream): void => {
      calls.watchVariables = (calls.watchVariables ?? 0) + 1;
      if (answers.watchVariables === undefined) stream.emit("error", { code: 12 });
      else answers.watchVariables(stream, calls.watchVariables);
    },
    setVariable: handler("setVariable", answers.setVariable, (answer) => SetVariableResponse.fromPartial(answer)),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { address: `127.0.0.1:${port}`, calls, cancelled, headers, kill: () => server.forceShutdown() };
}
