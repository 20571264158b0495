/** Sessions whose calls are observed: the same sessions, and the same answers. */
import type { Session, SessionDirectory } from "@session-bridge/core";
import { type SessionContext, sessionDirectory, type ValueCodec, valueCodec } from "@session-bridge/core/internal";
import type { RemotePort } from "../rpc.ts";
import { observe, observeCodec } from "./observed-call.ts";
import type { OpenTelemetry } from "./opentelemetry.ts";

type Call = (...given: never[]) => Promise<unknown>;

/** The methods of a session that are calls; watches and the like are something else. */
const CALLS: ReadonlySet<string | symbol> = new Set<keyof Session>([
  "get",
  "getEntry",
  "getMany",
  "getAll",
  "set",
  "setMany",
  "delete",
  "has",
  "list",
  "increment",
  "append",
  "merge",
  "pop",
  "setDefault",
  "clear",
  "updateVariable",
  "edit",
  "transaction",
  "transact",
  "expire",
  "restore",
  "checkpoint",
  "listCheckpoints",
  "deleteCheckpoint",
  "rollback",
  "declare",
  "declarations",
  "fork",
  "touch",
  "info",
  "destroy",
]);

const observedCodec: ValueCodec = {
  encode: (value, options) => observeCodec("encode", () => valueCodec.encode(value, options), lengthOf),
  encodeOver: (value, previous, options) => observeCodec("encode", () => valueCodec.encodeOver(value, previous, options), lengthOf),
  decode: (bytes, options) =>
    observeCodec(
      "decode",
      () => valueCodec.decode(bytes, options),
      () => bytes.length,
    ),
};

const lengthOf = (bytes: Uint8Array): number => bytes.length;

/** A port whose listings, histories and questions about the server are calls of their own: what has pages asks for each when it is walked over. */
export const observedPort = (api: OpenTelemetry, address: string, port: RemotePort): RemotePort => ({
  ...port,
  listSessions: (...given) => observe(api, address, "listSessions", () => port.listSessions(...given)),
  getHistory: (...given) => observe(api, address, "history", async () => port.getHistory(...given)),
  serverInfo: (...given) => observe(api, address, "serverInfo", () => port.serverInfo(...given)),
});

/** The sessions behind a port, their calls observed. */
export function observedDirectory(api: OpenTelemetry, address: string, context: SessionContext): SessionDirectory {
  const directory = sessionDirectory({ ...context, codec: observedCodec });
  const handler: ProxyHandler<Session> = {
    get(session, name) {
      const member: unknown = Reflect.get(session, name, session);
      if (typeof member !== "function") return member;
      if (!CALLS.has(name)) return member.bind(session);
      return (...given: never[]) => {
        const answer = observe(api, address, String(name), () => (member as Call).apply(session, given));
        return name === "fork" ? answer.then((copy) => observed(copy as Session)) : answer;
      };
    },
  };
  const observed = (session: Session): Session => new Proxy(session, handler);
  return {
    session: (...given) => observed(directory.session(...given)),
    createSession: async (...given) => observed(await observe(api, address, "createSession", () => directory.createSession(...given))),
    listSessions: (...given) => directory.listSessions(...given),
    deleteSession: (...given) => observe(api, address, "deleteSession", () => directory.deleteSession(...given)),
  };
}
