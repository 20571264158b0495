/** Requests as a stranger's client sends them: bare grpc-js over the generated stubs, with promises. */
import { type CallOptions, credentials, Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { ErrorInfo } from "@session-bridge/protocol/google/rpc/error_details";
import { Status } from "@session-bridge/protocol/google/rpc/status";
import {
  CreateSessionRequest,
  DeleteSessionRequest,
  ForkSessionRequest,
  GetServerInfoRequest,
  GetSessionRequest,
  ListCheckpointsRequest,
  ListSessionsRequest,
  SessionServiceClient,
  type SessionServiceService,
  TouchSessionRequest,
} from "@session-bridge/protocol/session_bridge/v1/sessions";
import {
  DeleteVariableRequest,
  GetVariableHistoryRequest,
  GetVariableRequest,
  GetVariablesRequest,
  ListDeclarationsRequest,
  ListVariablesRequest,
  SetVariableRequest,
  UpdateVariablesRequest,
  VariableServiceClient,
  type VariableServiceService,
} from "@session-bridge/protocol/session_bridge/v1/variables";

/** Each method's request type; a call takes the part of a request that differs from an empty one. */
export const REQUESTS = {
  createSession: CreateSessionRequest,
  getSession: GetSessionRequest,
  listSessions: ListSessionsRequest,
  touchSession: TouchSessionRequest,
  deleteSession: DeleteSessionRequest,
  forkSession: ForkSessionRequest,
  listCheckpoints: ListCheckpointsRequest,
  getServerInfo: GetServerInfoRequest,
  getVariable: GetVariableRequest,
  setVariable: SetVariableRequest,
  deleteVariable: DeleteVariableRequest,
  listVariables: ListVariablesRequest,
  getVariables: GetVariablesRequest,
  updateVariables: UpdateVariablesRequest,
  getVariableHistory: GetVariableHistoryRequest,
  listDeclarations: ListDeclarationsRequest,
} as const;

export type Method = keyof typeof REQUESTS;

type Definitions = typeof SessionServiceService & typeof VariableServiceService;
type RequestOf<M extends Method> = Parameters<(typeof REQUESTS)[M]["fromPartial"]>[0];
type ResponseOf<M extends Method> = ReturnType<Definitions[M]["responseDeserialize"]>;

export interface RawClient {
  /** Fields that are left out are empty. */
  call<M extends Method>(method: M, request?: RequestOf<M>, options?: CallOptions, metadata?: Metadata): Promise<ResponseOf<M>>;
  readonly variables: VariableServiceClient;
  close(): void;
}

/** A client that neither retries nor limits anything by itself. */
export function rawClient(address: string): RawClient {
  const options = {
    "grpc.max_receive_message_length": -1,
    "grpc.enable_retries": 0,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
  };
  const sessions = new SessionServiceClient(address, credentials.createInsecure(), options);
  const variables = new VariableServiceClient(address, credentials.createInsecure(), options);
  return {
    variables,
    call(method, request, callOptions = {}, metadata = new Metadata()) {
      const client = (method in variables ? variables : sessions) as unknown as Record<Method, UnaryCall>;
      const message: unknown = REQUESTS[method].fromPartial((request ?? {}) as never);
      const withDeadline = { deadline: Date.now() + 10_000, ...callOptions };
      return new Promise((resolve, reject) => {
        client[method](message, metadata, withDeadline, (error, response) => (error ? reject(error) : resolve(response as never)));
      });
    },
    close() {
      sessions.close();
      variables.close();
    },
  };
}

type UnaryCall = (
  message: unknown,
  metadata: Metadata,
  options: CallOptions,
  callback: (error: ServiceError | null, response: unknown) => void,
) => void;

/** How a request was refused. `reason` is "" without an ErrorInfo. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The refusal that a call ends with; a call that succeeds fails the test. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => {
      throw new Error("the request was not refused");
    },
    (thrown: ServiceError) => thrown,
  );
  if (typeof error.code !== "number") throw error;
  return refusal(error);
}

/** What a status says. */
export function refusal(error: StatusObject): Refusal {
  const [details] = error.metadata.get("grpc-status-details-bin");
  const info = details instanceof Buffer ? Status.decode(details).details.map(({ value }) => ErrorInfo.decode(value))[0] : undefined;
  return {
    code: error.code,
    message: error.details,
    reason: info?.reason ?? "",
    domain: info?.domain ?? "",
    metadata: Object.fromEntries(info?.metadata ?? []),
  };
}
