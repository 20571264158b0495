import { Metadata, status } from "@grpc/grpc-js";
import { LimitExceededError, UndecodedValue } from "@session-bridge/core";
import { encode, packMap } from "@session-bridge/core/values";
import { ErrorInfo } from "@session-bridge/protocol/google/rpc/error_details";
import { Status } from "@session-bridge/protocol/google/rpc/status";
import { startServer } from "@session-bridge/server";
import { describe, expect, it } from "vitest";
import { connect } from "../src/index.ts";
import { remotePort } from "../src/internal.ts";
import { CARRIERS } from "./support/carriers.ts";
import { fakeServer } from "./support/fake-server.ts";
import { later, rejection } from "./support/scope.ts";

describe.each(CARRIERS)("over %s,", (carrier) => {
  async function realBridge() {
    const server = await startServer({ listen: "127.0.0.1:0" });
    later(() => server.stop({ graceMs: 0 }));
    const bridge = connect(server.address, { carrier, timeoutMs: 30_000 });
    later(() => bridge.close());
    return { bridge, server };
  }

  describe("reads larger than one message", () => {
    const names = Array.from({ length: 12 }, (_, i) => `v${i}`);
    const generation = (i: number) => Object.fromEntries(names.map((name) => [name, `${i}:`.padEnd(900_000, "x")]));

    it("come page by page from one snapshot, whatever is written meanwhile", async () => {
      const { bridge, server } = await realBridge();
      const session = bridge.session("s");
      const setAll = async (i: number) => {
        // One message carries a third of them, so a reader may see thirds of two generations, and never a torn third.
        const entries = Object.entries(generation(i));
        for (let at = 0; at < entries.length; at += 4) await session.setMany(Object.fromEntries(entries.slice(at, at + 4)));
      };
      await setAll(0);
      expect((await session.info()).sizeBytes).toBeGreaterThan(10 * 1024 * 1024);
      const reader = connect(server.address, { carrier, timeoutMs: 30_000 });
      later(() => reader.close());
      const writing = (async () => {
        for (let i = 1; i <= 3; i++) await setAll(i);
      })();
      for (let round = 0; round < 4; round++) {
        const all = await reader.session("s").getAll();
        expect([...all.keys()]).toEqual([...names].sort());
        const seen = names.map((name) => String(all.get(name)).split(":")[0]);
        for (let third = 0; third < 12; third += 4) expect(new Set(seen.slice(third, third + 4)).size).toBe(1);
      }
      await writing;
      expect(Object.fromEntries(await session.getAll())).toEqual(generation(3));
    }, 60_000);

    it("start over when the server has lost the snapshot", async () => {
      const info = ErrorInfo.fromPartial({
        domain: "session-bridge",
        reason: "PAGE_EXPIRED",
        metadata: new Map([["outcome", "not_applied"]]),
      });
      const details = [{ typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value: ErrorInfo.encode(info).finish() }];
      const metadata = new Metadata();
      metadata.set("grpc-status-details-bin", Buffer.from(Status.encode({ code: status.ABORTED, message: "", details }).finish()));
      const page = (name: string, value: number) => packMap([{ name, bytes: encode(value) }]);
      const server = await fakeServer(
        {
          getVariables: ({ pageToken }, call) => {
            if (pageToken === "") return { values: page("a", call), nextPageToken: "more" };
            return call === 2 ? { code: status.ABORTED, metadata } : { values: page("b", call) };
          },
        },
        carrier,
      );
      later(() => server.kill());
      const bridge = connect(server.address, { carrier });
      later(() => bridge.close());
      expect([...(await bridge.session("s").getAll())]).toEqual([
        ["a", 3],
        ["b", 4],
      ]);
    });
  });

  describe("writes larger than one message", () => {
    it("are refused before they are sent, never split [P16]", async () => {
      const { bridge } = await realBridge();
      const session = bridge.session("s");
      const values = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`v${i}`, "x".repeat(900_000)]));
      const error = await rejection<LimitExceededError>(session.setMany(values));
      expect(error).toBeInstanceOf(LimitExceededError);
      expect(error).toMatchObject({ reason: "MESSAGE_TOO_LARGE", outcome: "not_applied", details: { limitValue: 4 * 1024 * 1024 } });
      expect(error.details.actual).toBeGreaterThan(4_500_000);
      expect((await session.getAll()).size).toBe(0);
    });
  });

  describe("custom encodings", () => {
    it("cost a reader of many no other value, and are named to a reader of one", async () => {
      const { bridge, server } = await realBridge();
      const port = remotePort(server.address, { carrier });
      later(() => port.close());
      const bytes = Uint8Array.of(1, 2, 3);
      await port.update("s", { operations: [{ kind: "set", name: "c", value: { bytes, encoding: "my-codec" } }] }, {});
      const session = bridge.session("s");
      await session.setMany({ a: 1, z: 2 });
      const all = await session.getAll();
      expect([...all.keys()]).toEqual(["a", "c", "z"]);
      const undecoded = all.get("c") as UndecodedValue;
      expect(undecoded).toBeInstanceOf(UndecodedValue);
      expect({ ...undecoded, bytes: [...undecoded.bytes] }).toMatchObject({ name: "c", encoding: "my-codec", bytes: [1, 2, 3] });
      expect(await rejection(session.get("c"))).toMatchObject({ name: "SerializationError", reason: "UNSUPPORTED_ENCODING" });
    });
  });

  describe("an answer that does not decode", () => {
    it("is a loss of data that names the variable, not the caller's mistake", async () => {
      const broken = packMap([{ name: "bad", bytes: Uint8Array.of(0xc1) }]);
      const server = await fakeServer(
        {
          getVariable: () => ({ found: true, value: Buffer.of(0xc1) }),
          getVariables: () => ({ values: broken }),
        },
        carrier,
      );
      later(() => server.kill());
      const bridge = connect(server.address, { carrier });
      later(() => bridge.close());
      for (const read of [bridge.session("s").getAll(), bridge.session("s").get("bad")]) {
        expect(await rejection(read)).toMatchObject({ name: "DataLossError", details: { name: "bad" } });
      }
    });
  });

  describe("the remote port", () => {
    it("answers a batch's operations in their order, however they travelled", async () => {
      const { server } = await realBridge();
      const port = remotePort(server.address, { carrier });
      later(() => port.close());
      const set = (name: string, value: unknown) => ({ kind: "set", name, value: { bytes: encode(value), encoding: "" } }) as const;
      const { results, sessionRevision } = await port.update(
        "s",
        {
          operations: [set("a", 1), set("b", 2), { kind: "increment", name: "n", by: encode(5) }, { ...set("c", [1]), wantPrevious: true }],
        },
        {},
      );
      expect(results.map(({ applied, revision }) => [applied, revision])).toEqual(Array(4).fill([true, sessionRevision]));
      expect([...(results[2]?.number ?? [])]).toEqual([5]);
      const again = await port.update(
        "s",
        { operations: [set("a", 1), set("a", 2), { kind: "append", name: "c", value: encode([2]) }] },
        {},
      );
      expect(again.results.map(({ count }) => count)).toEqual([0, 0, 2]);
      const { variables } = await port.getVariables("s", { prefix: "" }, {});
      expect(variables.map(({ name, revision }) => [name, revision])).toEqual([
        ["a", again.sessionRevision],
        ["b", sessionRevision],
        ["c", again.sessionRevision],
        ["n", sessionRevision],
      ]);
      expect(await port.getVariables("s", { names: [] }, {})).toMatchObject({ variables: [] });
    });

    it("gives every result of an independent update, failures among them", async () => {
      const { server } = await realBridge();
      const port = remotePort(server.address, { carrier });
      later(() => port.close());
      const operations = [
        { kind: "set", name: "text", value: { bytes: encode("a"), encoding: "" } },
        { kind: "increment", name: "text", by: encode(1) },
        { kind: "increment", name: "n", by: encode(1) },
      ] as const;
      const { results } = await port.update("s", { operations, independent: true }, {});
      expect(results.map(({ applied, error }) => [applied, error?.name])).toEqual([
        [true, undefined],
        [false, "TypeMismatchError"],
        [true, undefined],
      ]);
    });

    it("knows its server", async () => {
      const { bridge } = await realBridge();
      const info = await bridge.serverInfo();
      expect(info.version).toMatch(/^\d+\.\d+\.\d+/);
      expect(Object.values(info.limits)).toContain(1_048_576);
      expect(Array.isArray(info.features)).toBe(true);
    });
  });
});
