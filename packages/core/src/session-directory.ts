/** Sessions by id, over whatever port keeps them: what a manager and a bridge have in common. */
import { base64url } from "./base64url.ts";
import { checkSessionId } from "./names.ts";
import type * as api from "./session.ts";
import { checkOptions, OPTIONS } from "./session-options.ts";
import { type SessionContext, type SessionCreation, sessionOver } from "./session-over-port.ts";
import type { SessionInfo } from "./session-port.ts";

const ID_BYTES = 16;

/** The sessions behind a port. */
export function sessionDirectory(context: SessionContext): api.SessionDirectory {
  const { port, random, timeoutMs } = context;
  return {
    session(...given) {
      const [id = given.length === 0 ? base64url(random.bytes(ID_BYTES)) : undefined, options] = given;
      const { ttlMs, labels, create = true } = checkOptions("session", options, OPTIONS.session);
      checkSessionId(id as string);
      const creation: SessionCreation = create ? {} : { mustExist: true };
      const defaults = ttlMs === undefined && labels === undefined ? {} : { defaults: { ttl: ttlMs, labels } };
      return sessionOver(context, id as string, { ...creation, ...defaults });
    },
    async createSession(options) {
      const { signal, ttlMs: ttl, ...rest } = checkOptions("createSession", options, OPTIONS.createSession);
      const { id, labels, maxLifeMs, historyEntries } = rest;
      const call = { signal, timeoutMs: rest.timeoutMs ?? timeoutMs };
      const info = await port.createSession({ id, ttl, labels, maxLifeMs, historyEntries }, call);
      return sessionOver(context, info.id);
    },
    listSessions(options) {
      const { signal, prefix, labels, ...rest } = checkOptions("listSessions", options, OPTIONS.listSessions);
      return pages(context, { prefix, labels }, { signal, timeoutMs: rest.timeoutMs ?? timeoutMs });
    },
    async deleteSession(id, options) {
      const { signal, ...rest } = checkOptions("deleteSession", options, OPTIONS.call);
      checkSessionId(id);
      return (await port.deleteSession(id, { signal, timeoutMs: rest.timeoutMs ?? timeoutMs })).deleted;
    },
  };
}

async function* pages(
  { port }: SessionContext,
  filter: Parameters<SessionContext["port"]["listSessions"]>[0],
  call: Parameters<SessionContext["port"]["listSessions"]>[2],
): AsyncGenerator<SessionInfo> {
  let after: string | undefined;
  do {
    const page = await port.listSessions(filter, after === undefined ? {} : { after }, call);
    yield* page.sessions;
    after = page.next;
  } while (after !== undefined);
}
