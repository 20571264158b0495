/** What the client makes of the messages of a watch, and of servers that do not behave. */
import { once } from "node:events";
import { BridgeClosedError, DataLossError, InvalidArgumentError, ServerUnavailableError, UnsupportedError } from "@session-bridge/core";
import type { WatchDelivery, WatchRequest } from "@session-bridge/core/internal";
import { manualClock } from "@session-bridge/core/testing";
import { VariableChange, WatchVariablesResponse } from "@session-bridge/protocol/session_bridge/v1/variables";
import { startServer } from "@session-bridge/server";
import { describe, expect, it } from "vitest";
import { type RemotePortOptions, remotePort } from "../src/internal.ts";
import { CARRIERS } from "./support/carriers.ts";
import { type FakeAnswers, fakeServer, type WatchStream } from "./support/fake-server.ts";
import { freePort, later, rejection } from "./support/scope.ts";

const EVERYTHING: WatchRequest = { selection: { prefix: "" } };

const message = (parts: Parameters<typeof WatchVariablesResponse.fromPartial>[0]) => WatchVariablesResponse.fromPartial(parts);
const change = (kind: VariableChange["kind"], name: string, parts: Partial<VariableChange> = {}) =>
  VariableChange.fromPartial({ kind, name, revision: 9n, ...parts });
const set = (name: string, parts: Partial<VariableChange> = {}) =>
  change(1, name, { variable: { info: { ...INFO, name }, value: Buffer.from([7]) }, ...parts });
const INFO = { type: "int", sizeBytes: 1n, revision: 5n, createdAtMs: 1n, updatedAtMs: 2n, expiresAtMs: 3n, encoding: "e" };
const stored = (name: string) => ({
  name,
  bytes: Uint8Array.of(7),
  encoding: "e",
  type: "int",
  revision: 5,
  createdAtMs: 1,
  updatedAtMs: 2,
  expiresAtMs: 3,
});

/** What a watch delivers to its end, and how it fails. */
async function told(watch: AsyncIterable<WatchDelivery>): Promise<{ deliveries: WatchDelivery[]; failure: unknown }> {
  const deliveries: WatchDelivery[] = [];
  try {
    for await (const delivery of watch) deliveries.push(delivery);
  } catch (failure) {
    return { deliveries, failure };
  }
  return { deliveries, failure: undefined };
}

/** Writes messages, and ends well. */
const tell =
  (...messages: WatchVariablesResponse[]) =>
  (stream: WatchStream): void => {
    for (const each of messages) stream.write(each);
    stream.end();
  };

describe.each(CARRIERS)("over %s,", (carrier) => {
  async function portTo(answers: FakeAnswers, options?: RemotePortOptions) {
    const server = await fakeServer(answers, carrier);
    const port = remotePort(server.address, { carrier, ...options });
    later(async () => {
      await port.close();
      server.kill();
    });
    return { port, server };
  }

  describe("the messages of a watch", () => {
    it("without `since` are pieces of a snapshot until they have caught up, then commits", async () => {
      const { port } = await portTo({
        watchVariables: tell(
          message({ changes: [set("a"), set("b")] }),
          message({ changes: [set("c")] }),
          message({ revision: 8n, caughtUp: true }),
          message({ changes: [change(4, ""), set("d"), change(2, "a"), change(3, "b", { last: true })], revision: 9n }),
          message({ revision: 10n }),
          message({ changes: [change(5, "", { revision: 11n, last: true }), change(6, "", { revision: 12n, last: true })], revision: 12n }),
        ),
      });
      const { deliveries } = await told(port.watch("s", EVERYTHING, {}));
      expect(deliveries).toEqual([
        { kind: "snapshot", variables: [stored("a"), stored("b")] },
        { kind: "snapshot", variables: [stored("c")] },
        { kind: "caught_up", revision: 8 },
        {
          kind: "commit",
          revision: 9,
          changes: [
            { kind: "session_created" },
            { kind: "set", variable: stored("d") },
            { kind: "delete", name: "a" },
            { kind: "expire", name: "b" },
          ],
        },
        { kind: "heartbeat", revision: 10 },
        { kind: "commit", revision: 11, changes: [{ kind: "session_deleted" }] },
        { kind: "commit", revision: 12, changes: [{ kind: "session_expired" }] },
      ]);
    });

    it("with `since` are commits from the beginning", async () => {
      const { port } = await portTo({
        watchVariables: tell(message({ changes: [set("a", { last: true })], revision: 9n }), message({ revision: 9n, caughtUp: true })),
      });
      const { deliveries } = await told(port.watch("s", { ...EVERYTHING, since: 8 }, {}));
      expect(deliveries).toEqual([
        { kind: "commit", revision: 9, changes: [{ kind: "set", variable: stored("a") }] },
        { kind: "caught_up", revision: 9 },
      ]);
    });

    it("that share a commit are delivered as one, and not at all when the last of them does not come", async () => {
      const { port } = await portTo({
        watchVariables: tell(
          message({ changes: [set("a")] }),
          message({ changes: [set("b")] }),
          message({ changes: [set("c", { last: true })], revision: 9n }),
          message({ changes: [set("d", { revision: 10n })] }),
        ),
      });
      const { deliveries, failure } = await told(port.watch("s", { ...EVERYTHING, since: 8 }, {}));
      expect(deliveries).toMatchObject([
        { kind: "commit", revision: 9, changes: [{ variable: { name: "a" } }, { variable: { name: "b" } }, { variable: { name: "c" } }] },
      ]);
      expect(failure).toBeInstanceOf(ServerUnavailableError);
    });

    it("of a newer server may have kinds of changes that this client leaves out", async () => {
      const newer = change(99 as never, "x", { last: true });
      const { port } = await portTo({ watchVariables: tell(message({ changes: [set("a"), newer], revision: 9n })) });
      const { deliveries } = await told(port.watch("s", { ...EVERYTHING, since: 8 }, {}));
      expect(deliveries).toEqual([{ kind: "commit", revision: 9, changes: [{ kind: "set", variable: stored("a") }] }]);
    });

    it("that lack what they tell of are the server's fault", async () => {
      const { port } = await portTo({ watchVariables: tell(message({ changes: [change(1, "a", { last: true })], revision: 9n })) });
      const { failure } = await told(port.watch("s", { ...EVERYTHING, since: 8 }, {}));
      expect(failure).toBeInstanceOf(DataLossError);
      expect(failure).toMatchObject({ details: { name: "a" } });
    });
  });

  describe("a watch", () => {
    it("asks for what core asks for", async () => {
      const requests: unknown[] = [];
      const { port } = await portTo({
        watchVariables(stream) {
          requests.push(stream.request);
          stream.end();
        },
      });
      await told(port.watch("s", { selection: { names: ["a", "b"] }, since: 3, withoutValues: true }, {}));
      await told(port.watch("s", { selection: { prefix: "p" } }, {}));
      expect(requests).toEqual([
        { sessionId: "s", names: ["a", "b"], prefix: "", since: 3n, withoutValues: true },
        { sessionId: "s", names: [], prefix: "p", since: undefined, withoutValues: false },
      ]);
    });

    it("of no names at all is refused instead of becoming a watch of everything", async () => {
      const { port, server } = await portTo({});
      const { failure } = await told(port.watch("s", { selection: { names: [] } }, {}));
      expect(failure).toBeInstanceOf(InvalidArgumentError);
      expect(server.calls.watchVariables).toBeUndefined();
    });

    it("whose signal is aborted already asks for nothing", async () => {
      const { port, server } = await portTo({ watchVariables: tell(message({ revision: 1n, caughtUp: true })) });
      expect(await told(port.watch("s", EVERYTHING, { signal: AbortSignal.abort() }))).toEqual({ deliveries: [], failure: undefined });
      expect(server.calls.watchVariables).toBeUndefined();
    });

    it("of a server that cannot is an UnsupportedError", async () => {
      const { port } = await portTo({});
      const { failure } = await told(port.watch("s", EVERYTHING, {}));
      expect(failure).toBeInstanceOf(UnsupportedError);
    });

    it("where nobody listens fails at once", async () => {
      const port = remotePort(`127.0.0.1:${await freePort()}`, { carrier });
      later(() => port.close());
      const { failure } = await told(port.watch("s", EVERYTHING, {}));
      expect(failure).toBeInstanceOf(ServerUnavailableError);
      expect(failure).toMatchObject({ reason: "UNREACHABLE" });
    });

    it("ends for the server, too, when the loop is left, when `return` is called while it waits, and when its signal is aborted", async () => {
      const streams: WatchStream[] = [];
      const { port } = await portTo({
        watchVariables(stream) {
          streams.push(stream);
          stream.write(message({ revision: 1n, caughtUp: true }));
        },
      });
      const gone = async (): Promise<void> => {
        const stream = streams.at(-1) as WatchStream;
        if (!stream.cancelled) await once(stream, "cancelled");
      };
      for await (const _ of port.watch("s", EVERYTHING, {})) break;
      await gone();

      const iteration = port.watch("s", EVERYTHING, {})[Symbol.asyncIterator]();
      await iteration.next();
      const waiting = iteration.next();
      await iteration.return?.();
      expect(await waiting).toEqual({ done: true, value: undefined });
      await gone();

      const controller = new AbortController();
      const { deliveries, failure } = await told(
        (async function* () {
          for await (const delivery of port.watch("s", EVERYTHING, { signal: controller.signal })) {
            yield delivery;
            setImmediate(() => controller.abort());
          }
        })(),
      );
      expect(deliveries).toHaveLength(1);
      expect(failure).toBeUndefined();
      await gone();
      expect(streams).toHaveLength(3);
    });

    it("that is ended before it was sent does not stay open at the server", async () => {
      const streams: WatchStream[] = [];
      const { port } = await portTo({
        watchVariables(stream) {
          streams.push(stream);
          stream.write(message({ revision: 1n, caughtUp: true }));
        },
        getVariable: () => ({ found: false }),
      });
      await port.getVariable("s", "a", {});
      for (let i = 0; i < 40; i++) {
        const iteration = port.watch("s", EVERYTHING, {})[Symbol.asyncIterator]();
        void iteration.next();
        for (let turns = 0; turns < i; turns++) await Promise.resolve();
        await iteration.return?.();
      }
      // What was sent has arrived before what is sent now.
      const last = port.watch("s", EVERYTHING, {})[Symbol.asyncIterator]();
      await last.next();
      await expect.poll(() => streams.filter((stream) => !stream.cancelled)).toHaveLength(1);
      expect(streams.length).toBeGreaterThan(20);
    });

    it("that is silent for three heartbeats while somebody waits counts as lost, and one that nobody reads does not", async () => {
      const clock = manualClock();
      const { port } = await portTo(
        { watchVariables: (stream) => void stream.write(message({ revision: 1n, caughtUp: true })) },
        { clock },
      );
      const iteration = port.watch("s", EVERYTHING, {})[Symbol.asyncIterator]();
      await iteration.next();
      clock.advance(600_000);
      const waiting = iteration.next();
      // The stream is asked in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(44_999);
      await new Promise((resolve) => setImmediate(resolve));
      const failed = rejection<ServerUnavailableError>(waiting);
      clock.advance(1);
      const error = await failed;
      expect(error).toBeInstanceOf(ServerUnavailableError);
      expect(error.message).toContain("45 seconds");
      expect(await iteration.next()).toEqual({ done: true, value: undefined });
      clock.advance(0);
      expect(clock.scheduled).toBe(0);
    });

    it("fails with BridgeClosedError when its port is closed, which waits for no watch; so do later ones", async () => {
      const { port } = await portTo({ watchVariables: (stream) => void stream.write(message({ revision: 1n, caughtUp: true })) });
      const iteration = port.watch("s", EVERYTHING, {})[Symbol.asyncIterator]();
      await iteration.next();
      const failed = rejection(iteration.next());
      await port.close();
      expect(await failed).toBeInstanceOf(BridgeClosedError);
      expect((await told(port.watch("s", EVERYTHING, {}))).failure).toBeInstanceOf(BridgeClosedError);
    });

    it("is one of 300 beside which calls are answered all the same, over as few connections as are needed", async () => {
      const server = await startServer({ listen: "127.0.0.1:0", requestLimits: { connections: 2 } });
      const port = remotePort(server.address, { carrier });
      later(async () => {
        await port.close();
        await server.stop();
      });
      const watches = Array.from({ length: 300 }, () => port.watch("s", EVERYTHING, {})[Symbol.asyncIterator]());
      for (const each of await Promise.all(watches.map((watch) => watch.next()))) expect(each.value).toMatchObject({ kind: "caught_up" });
      await port.update("s", { operations: [{ kind: "set", name: "a", value: { bytes: Uint8Array.of(1), encoding: "" } }] }, {});
      for (const each of await Promise.all(watches.map((watch) => watch.next())))
        expect(each.value).toMatchObject({ kind: "commit", changes: [{ kind: "session_created" }, { kind: "set" }] });
      for (const watch of watches) await watch.return?.();
    });
  });
});
