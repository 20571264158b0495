/** SessionService over a port, knowing no transport. */
import type { SessionPort } from "@session-bridge/core/internal";
import type * as wire from "@session-bridge/protocol/session_bridge/v1/sessions";
import type { Caller } from "./caller.ts";
import { budgetOf, checkListing, LISTED_BYTES, SESSION_INFO_BYTES } from "./message-budget.ts";
import { checkpointMessage, invalidArgument, labelsOf, positiveMs, sessionMessage, sessionTtl } from "./messages.ts";
import type { ServerInfo } from "./server-info.ts";

const MAX_PAGE_SIZE = 1000;

/** What SessionService is made of. */
export interface SessionServiceOptions {
  readonly port: (tenant: string) => SessionPort;
  readonly info: ServerInfo;
  /** The greatest message that may be answered. */
  readonly messageBytes: number;
}

/** One function for each RPC of SessionService. They throw BridgeErrors. */
export type SessionFunctions = ReturnType<typeof sessionService>;

/** Makes the functions of SessionService. */
export function sessionService({ port, info, messageBytes }: SessionServiceOptions) {
  // A page is cut to what surely fits, whatever the labels are.
  const largestPage = Math.min(MAX_PAGE_SIZE, Math.floor(budgetOf(messageBytes) / SESSION_INFO_BYTES));
  return {
    async createSession(request: wire.CreateSessionRequest, caller: Caller): Promise<wire.CreateSessionResponse> {
      const session = await port(caller.tenant).createSession(
        {
          // The request's own random bits make the id, so that a repeat means the same session.
          id: request.sessionId === "" ? caller.request?.id : request.sessionId,
          ttl: sessionTtl(request.ttl),
          labels: labelsOf(request.labels),
          historyEntries: request.historyEntries,
          maxLifeMs: request.maxLifeMs === undefined ? undefined : positiveMs(request.maxLifeMs, "max_life_ms"),
        },
        caller,
      );
      return { session: sessionMessage(session) };
    },

    async getSession(request: wire.GetSessionRequest, caller: Caller): Promise<wire.GetSessionResponse> {
      return { session: sessionMessage(await port(caller.tenant).getSession(request.sessionId, caller)) };
    },

    async listSessions(request: wire.ListSessionsRequest, caller: Caller): Promise<wire.ListSessionsResponse> {
      const { pageSize, pageToken } = request;
      if (pageSize < 0 || pageSize > MAX_PAGE_SIZE)
        throw invalidArgument(`page_size is 1 to ${MAX_PAGE_SIZE}, or 0 for the server's choice`);
      const size = Math.min(pageSize === 0 ? MAX_PAGE_SIZE : pageSize, largestPage);
      const page = await port(caller.tenant).listSessions(
        { prefix: request.prefix, labels: labelsOf(request.labels) },
        pageToken === "" ? { size } : { size, after: pageToken },
        caller,
      );
      return { sessions: page.sessions.map(sessionMessage), nextPageToken: page.next ?? "" };
    },

    async touchSession(request: wire.TouchSessionRequest, caller: Caller): Promise<wire.TouchSessionResponse> {
      const session = await port(caller.tenant).touchSession(request.sessionId, sessionTtl(request.ttl), caller);
      return { session: sessionMessage(session) };
    },

    async deleteSession(request: wire.DeleteSessionRequest, caller: Caller): Promise<wire.DeleteSessionResponse> {
      return port(caller.tenant).deleteSession(request.sessionId, caller);
    },

    async forkSession(request: wire.ForkSessionRequest, caller: Caller): Promise<wire.ForkSessionResponse> {
      const session = await port(caller.tenant).forkSession(
        request.sessionId,
        {
          id: request.newSessionId === "" ? caller.request?.id : request.newSessionId,
          ttl: sessionTtl(request.ttl),
          labels: request.labels && labelsOf(request.labels.labels),
          atRevision: request.atRevision === undefined ? undefined : Number(request.atRevision),
        },
        caller,
      );
      return { session: sessionMessage(session) };
    },

    async listCheckpoints(request: wire.ListCheckpointsRequest, caller: Caller): Promise<wire.ListCheckpointsResponse> {
      const { checkpoints, sessionRevision } = await port(caller.tenant).listCheckpoints(request.sessionId, caller);
      const sizes = checkpoints.map(({ label }) => 3 * label.length + LISTED_BYTES);
      checkListing("checkpoints", sizes, messageBytes);
      return { checkpoints: checkpoints.map(checkpointMessage), sessionRevision: BigInt(sessionRevision) };
    },

    getServerInfo(_request: wire.GetServerInfoRequest, _caller: Caller): wire.GetServerInfoResponse {
      const limits = Object.entries(info.limits).map(([name, value]) => [name, BigInt(value)] as const);
      return { version: info.version, limits: new Map(limits), features: [...info.features] };
    },
  };
}
