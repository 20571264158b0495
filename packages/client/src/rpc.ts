/** SessionPort over a connection to a server. Only this module, rpc/ and frames.ts know generated types, and rpc/grpc-connection.ts alone runs gRPC. */
import type {
  CallOptions,
  Operation,
  OperationResult,
  ReadCall,
  Selection,
  SessionPort,
  StoredVariable,
  Update,
  UpdateResult,
  VariableInfo,
  VariableListing,
  VariablesReading,
} from "@session-bridge/core/internal";
import { type Clock, DEFAULT_TIMEOUT_MS } from "@session-bridge/core/internal";
import { SessionServiceService as Sessions } from "@session-bridge/protocol/session_bridge/v1/sessions";
import { VariableServiceService as Variables } from "@session-bridge/protocol/session_bridge/v1/variables";
import { type Caller, caller, type RetryPolicy } from "./rpc/calls.ts";
import type { Connection } from "./rpc/carrier.ts";
import type { Budget } from "./rpc/connected.ts";
import { autoConnection, directConnection } from "./rpc/direct-connection.ts";
import { grpcConnection } from "./rpc/grpc-connection.ts";
import * as messages from "./rpc/messages.ts";
import { watchPort } from "./rpc/watch.ts";

/** What a server says about itself. */
export interface ServerInfo {
  readonly version: string;
  /** The limits in force, by their names in docs/limits.md. */
  readonly limits: Readonly<Record<string, number>>;
  readonly features: readonly string[];
}

/** What carries calls to a server: gRPC, the direct protocol, or, with "auto", the direct one where the server speaks it and else gRPC. */
export type CarrierChoice = "auto" | "grpc" | "direct";

const CONNECTIONS: Readonly<Record<CarrierChoice, (address: string) => Connection>> = {
  auto: autoConnection,
  grpc: grpcConnection,
  direct: directConnection,
};

/** How a remote port behaves; everything has a default. */
export interface RemotePortOptions {
  /** Milliseconds that a call may take when it says nothing, retries included; 5,000 unless said. */
  readonly timeoutMs?: number | undefined;
  /** How calls are tried again after the connection is lost. */
  readonly retry?: { readonly [Key in keyof RetryPolicy]?: RetryPolicy[Key] | undefined } | undefined;
  /** "auto" unless said. */
  readonly carrier?: CarrierChoice | undefined;
  /** What tells how long a watch has been silent; the machine's clock when left out. */
  readonly clock?: Clock | undefined;
}

/** The sessions of a server. A watch connects once, within the default timeout, and whoever wants it again after it is lost asks again. */
export interface RemotePort extends SessionPort {
  serverInfo(call: CallOptions): Promise<ServerInfo>;
  /** Ends the watches, waits for the calls that are under way, then disconnects; both fail with BridgeClosedError from then on. */
  close(): Promise<void>;
}

/** A port to the server at `address`; it connects when it is first used. */
export function remotePort(
  address: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS, retry = {}, carrier = "auto", clock }: RemotePortOptions = {},
): RemotePort {
  const { maxAttempts = Number.POSITIVE_INFINITY, initialBackoffMs = 20, maxBackoffMs = 500 } = retry;
  const calls = caller(CONNECTIONS[carrier](address), timeoutMs, { maxAttempts, initialBackoffMs, maxBackoffMs }, clock);
  return { ...variablePort(calls), ...sessionPort(calls), ...watchPort(calls), close: () => calls.close() };
}

type VariableMethods = "getVariable" | "getVariables" | "listVariables" | "update" | "getHistory" | "listDeclarations";

function variablePort(calls: Caller): Pick<RemotePort, VariableMethods> {
  return {
    async getVariable(sessionId, name, call) {
      const request = { sessionId, name, includeInfo: !call.valuesOnly };
      const answer = await calls.read(Variables.getVariable, request, calls.budget(call));
      const variable = answer.found ? messages.variable(name, answer.value, answer.encoding, answer.info) : undefined;
      return { variable, sessionRevision: Number(answer.sessionRevision) };
    },
    async getVariables(sessionId, selection, call) {
      // On the wire no names mean every name.
      if ("names" in selection && selection.names.length === 0) return { variables: [], sessionRevision: 0 };
      return calls.paged((within) => readPages(calls, sessionId, selection, call, within), call);
    },
    async listVariables(sessionId, prefix, call) {
      return calls.paged((within) => listPages(calls, sessionId, prefix, within), call);
    },
    async getHistory(sessionId, name, page, call) {
      const request = { sessionId, name, before: messages.maybeBigInt(page.before), limit: page.limit ?? 0 };
      const { entries, nextBefore, sessionRevision } = await calls.read(Variables.getVariableHistory, request, calls.budget(call));
      const items = entries.map((entry) => messages.historyItem(name, entry));
      return { items, next: nextBefore === undefined ? undefined : Number(nextBefore), sessionRevision: Number(sessionRevision) };
    },
    async listDeclarations(sessionId, call) {
      const { declarations, sessionRevision } = await calls.read(Variables.listDeclarations, { sessionId }, calls.budget(call));
      return { declarations: declarations.map(messages.declaration), sessionRevision: Number(sessionRevision) };
    },
    async update(sessionId, update, call) {
      const [operation] = update.operations;
      if (update.operations.length === 1 && operation && !update.independent) {
        if (operation.kind === "set") return set(calls, sessionId, update, operation, call);
        if (operation.kind === "delete") return remove(calls, sessionId, update, operation, call);
      }
      return updateMany(calls, sessionId, update, call);
    },
  };
}

function sessionPort(calls: Caller): Omit<RemotePort, VariableMethods | "watch" | "close"> {
  return {
    async createSession(session, call) {
      const { session: created } = await calls.mutate(Sessions.createSession, messages.createRequest(session), calls.budget(call));
      return messages.sessionInfo(created);
    },
    async getSession(sessionId, call) {
      const { session } = await calls.read(Sessions.getSession, { sessionId }, calls.budget(call));
      return messages.sessionInfo(session);
    },
    async listSessions(filter, page, call) {
      const request = {
        prefix: filter.prefix ?? "",
        labels: messages.labelsMessage(filter.labels),
        pageSize: page.size ?? 0,
        pageToken: page.after ?? "",
      };
      const answer = await calls.read(Sessions.listSessions, request, calls.budget(call));
      return { sessions: answer.sessions.map(messages.sessionInfo), next: answer.nextPageToken || undefined };
    },
    async touchSession(sessionId, ttl, call) {
      const request = { sessionId, ttl: messages.ttlMessage(ttl) };
      const { session } = await calls.mutate(Sessions.touchSession, request, calls.budget(call));
      return messages.sessionInfo(session);
    },
    async forkSession(sourceId, fork, call) {
      const { session } = await calls.mutate(Sessions.forkSession, messages.forkRequest(sourceId, fork), calls.budget(call));
      return messages.sessionInfo(session);
    },
    async listCheckpoints(sessionId, call) {
      const { checkpoints, sessionRevision } = await calls.read(Sessions.listCheckpoints, { sessionId }, calls.budget(call));
      return { checkpoints: checkpoints.map(messages.checkpointInfo), sessionRevision: Number(sessionRevision) };
    },
    async deleteSession(sessionId, call) {
      const { deleted } = await calls.mutate(Sessions.deleteSession, { sessionId }, calls.budget(call));
      return { deleted };
    },
    async serverInfo(call) {
      const { version, limits, features } = await calls.read(Sessions.getServerInfo, {}, calls.budget(call));
      return { version, limits: Object.fromEntries([...limits].map(([name, limit]) => [name, Number(limit)])), features };
    },
  };
}

async function readPages(
  calls: Caller,
  sessionId: string,
  selection: Selection,
  { valuesOnly }: ReadCall,
  within: Budget,
): Promise<VariablesReading> {
  const names = "names" in selection ? [...selection.names] : [];
  const prefix = "prefix" in selection ? selection.prefix : "";
  const variables: StoredVariable[] = [];
  for (let pageToken = ""; ; ) {
    const request = { sessionId, names, prefix, includeInfo: !valuesOnly, pageToken };
    const page = await calls.read(Variables.getVariables, request, within);
    for (const variable of messages.pageVariables(page)) variables.push(variable);
    pageToken = page.nextPageToken;
    if (pageToken === "") return { variables, sessionRevision: Number(page.sessionRevision) };
  }
}

async function listPages(calls: Caller, sessionId: string, prefix: string, within: Budget): Promise<VariableListing> {
  const variables: VariableInfo[] = [];
  for (let pageToken = ""; ; ) {
    const page = await calls.read(Variables.listVariables, { sessionId, prefix, pageToken }, within);
    for (const info of page.variables) variables.push(messages.variableInfo(info));
    pageToken = page.nextPageToken;
    if (pageToken === "") return { variables, sessionRevision: Number(page.sessionRevision) };
  }
}

async function set(
  calls: Caller,
  sessionId: string,
  update: Update,
  operation: Operation & { readonly kind: "set" },
  call: CallOptions,
): Promise<UpdateResult> {
  const request = messages.setRequest(sessionId, update, operation);
  const answer = await calls.mutate(Variables.setVariable, request, calls.budget(call));
  const result = messages.outcome(answer.applied, answer.revision, answer.previous);
  return { results: [result], sessionRevision: Number(answer.sessionRevision) };
}

async function remove(calls: Caller, sessionId: string, update: Update, operation: Operation, call: CallOptions): Promise<UpdateResult> {
  const request = messages.deleteRequest(sessionId, update, operation);
  const answer = await calls.mutate(Variables.deleteVariable, request, calls.budget(call));
  return { results: [messages.outcome(answer.deleted, 0n, answer.previous)], sessionRevision: Number(answer.sessionRevision) };
}

async function updateMany(calls: Caller, sessionId: string, update: Update, call: CallOptions): Promise<UpdateResult> {
  const packed = messages.packedCount(update);
  const request = messages.updateRequest(sessionId, update, packed);
  const answer = await calls.mutate(Variables.updateVariables, request, calls.budget(call));
  const results: OperationResult[] = [];
  for (let i = 0; i < packed; i++) results.push(messages.outcome(true, answer.sessionRevision));
  for (const result of answer.results) results.push(messages.operationResult(result));
  return { results, sessionRevision: Number(answer.sessionRevision) };
}
