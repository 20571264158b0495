/** The one table of what a server answers: each RPC of the services with its codecs and its function, whatever carries it. */
import type { Subscription } from "@session-bridge/core/internal";
import { SessionServiceService } from "@session-bridge/protocol/session_bridge/v1/sessions";
import { VariableServiceService } from "@session-bridge/protocol/session_bridge/v1/variables";
import type { Answer, Caller, StreamCaller } from "../service/caller.ts";
import type { SessionFunctions } from "../service/sessions.ts";
import type { VariableFunctions } from "../service/variables.ts";
import { joined, type Pieces, responsePieces } from "./response-pieces.ts";

/** A service function. */
export type Serve = (request: unknown, caller: Caller) => Answer<unknown>;

/** A service function that answers more than once. */
export type ServeStream = (request: unknown, caller: StreamCaller) => Subscription<unknown>;

/** An RPC as the contract has it. */
export interface MethodDefinition {
  readonly path: string;
  readonly requestStream: false;
  readonly responseStream: boolean;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (response: never) => Buffer;
}

/** An RPC that is answered. */
export interface ServedMethod {
  /** The name of its key in the service, such as `getVariable`. */
  readonly key: string;
  /** Its full name, such as `session_bridge.v1.VariableService/GetVariable`. */
  readonly name: string;
  readonly definition: MethodDefinition;
  /** What `definition.responseSerialize` makes, without one copy of a large value. */
  readonly responsePieces: (response: unknown) => Pieces;
  /** A `ServeStream` when the definition says that it streams, else a `Serve`. */
  readonly serve: Serve | ServeStream;
}

/** What answers. */
export interface ServiceFunctions {
  readonly sessions: SessionFunctions;
  readonly variables: VariableFunctions;
}

/** A service with its methods. */
export interface ServedService {
  /** Its full name, such as `session_bridge.v1.VariableService`. */
  readonly name: string;
  readonly methods: readonly ServedMethod[];
}

/** The services of the contract. */
const SERVICE_DEFINITIONS = { sessions: SessionServiceService, variables: VariableServiceService } as const;

/** Every service, with a function for each of its methods: one without does not compile. */
export const servedServices = (functions: ServiceFunctions): readonly ServedService[] => [
  served(SERVICE_DEFINITIONS.sessions, functions.sessions),
  served(SERVICE_DEFINITIONS.variables, functions.variables),
];

function served<Definition extends Readonly<Record<string, MethodDefinition>>>(
  definition: Definition,
  functions: { readonly [Name in keyof Definition]: (request: never, caller: never) => unknown },
): ServedService {
  const methods = Object.entries(definition).map(([key, method]): ServedMethod => {
    const pieces = responsePieces(key, method.responseStream ? onceInARow(method.responseSerialize) : method.responseSerialize);
    return {
      key,
      name: method.path.slice(1),
      definition: { ...method, responseSerialize: (response) => joined(pieces(response)) },
      responsePieces: pieces,
      serve: functions[key] as ServedMethod["serve"],
    };
  });
  return { name: methods[0]?.name.split("/")[0] ?? "", methods };
}

/** Makes the bytes of a message once for all who are told the same, one after another. */
function onceInARow(serialize: MethodDefinition["responseSerialize"]): MethodDefinition["responseSerialize"] {
  let last: { readonly message: unknown; readonly bytes: Buffer } | undefined;
  return (message) => {
    if (last?.message !== message) last = { message, bytes: serialize(message) };
    return last.bytes;
  };
}

/** The full names of the methods that the server has, such as `session_bridge.v1.VariableService/GetVariable`. */
export const METHODS: readonly string[] = [
  ...Object.values(SERVICE_DEFINITIONS).flatMap((service) => Object.values(service).map(({ path }) => path.slice(1))),
  "grpc.health.v1.Health/Check",
  "grpc.health.v1.Health/Watch",
];
