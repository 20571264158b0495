/** Laws of updateVariable, and of many writers of one variable. */
import type { BridgeError } from "../../errors.ts";
import { float } from "../../values/index.ts";
import { numbered, type SessionLaw } from "./stage.ts";

const CLIENTS = 50;
const TIMES = 200;

/** The laws. */
export const updatingLaws: readonly SessionLaw[] = [
  {
    name: "updateVariable writes what the function makes of the value, and gives it",
    async check({ expect, session }) {
      expect(await session.updateVariable("n", (n) => n, { default: 5 })).toBe(5);
      expect(await session.updateVariable("n", (n) => (n as number) + 1)).toBe(6);
      expect(await session.updateVariable("n", async (n) => [n])).toEqual([6]);
      expect(await session.get("n")).toEqual([6]);
      expect(await session.updateVariable("m", (m) => m ?? "was missing")).toBe("was missing");
    },
  },
  {
    name: "updateVariable gives its function what the schema makes of the value, and nothing of what does not fit",
    async check({ expect, session, refused }) {
      await session.setMany({ good: { n: 1 }, bad: { n: "1" } });
      const next = (value: { readonly n: number } | undefined) => ({ n: (value?.n ?? 0) + 1 });
      expect(await session.updateVariable("good", next, { schema: numbered })).toEqual({ n: 2 });
      await refused(session.updateVariable("bad", next, { schema: numbered }), "TypeMismatchError", "TYPE_MISMATCH", { name: "bad" });
      expect(await session.get("bad")).toEqual({ n: "1" });
    },
  },
  {
    name: "updateVariable runs the function again with what another wrote meanwhile",
    async check({ expect, session, fixture }) {
      const other = fixture.directory().session("s");
      await session.set("list", ["a"]);
      const seen: unknown[] = [];
      await session.updateVariable("list", async (list) => {
        seen.push(list);
        if (seen.length === 1) await other.append("list", ["b"]);
        return [...(list as string[]), "c"];
      });
      expect(seen).toEqual([["a"], ["a", "b"]]);
      expect(await session.get("list")).toEqual(["a", "b", "c"]);
    },
  },
  {
    name: "updateVariable stops after its attempts, or its time, with nothing applied",
    async check({ expect, session, fixture, refused }) {
      const other = fixture.directory().session("s");
      let tries = 0;
      const beaten = async (): Promise<number> => {
        tries++;
        await other.increment("n");
        return -1;
      };
      await refused(session.updateVariable("n", beaten, { attempts: 3 }), "RevisionMismatchError", "REVISION_MISMATCH", { name: "n" });
      expect(tries).toBe(3);
      // Not `refused`: the time may end while a write is on its way to a server, and what becomes of that is not known then.
      const late = await session.updateVariable("n", beaten, { timeoutMs: 150 }).catch((error: unknown) => error as BridgeError);
      expect((late as BridgeError).reason).toEqual("DEADLINE_EXCEEDED");
      expect(await session.get("n")).toBe(tries);
    },
  },
  {
    name: "[P3] updateVariable leaves untouched paths byte for byte, and a float that becomes a whole number stays a float",
    async check({ expect, session }) {
      await session.set("x", { untouched: float(1), whole: 0.5, list: [float(2), 1] });
      const before = (await session.getEntry("x"))?.sizeBytes;
      const update = (value: { whole: number; list: number[] }) => {
        value.whole = 3;
        value.list[1] = 5;
        return value;
      };
      await session.updateVariable("x", (value) => update(value as { whole: number; list: number[] }));
      expect(await session.get("x")).toEqual({ untouched: 1, whole: 3, list: [2, 5] });
      expect((await session.getEntry("x"))?.sizeBytes).toBe(before);
    },
  },
  {
    name: "updateVariable refuses a function that forgot to return, and one that throws changes nothing",
    async check({ expect, session, refused }) {
      await session.setMany({ x: [1], n: null });
      const invalid = ["InvalidArgumentError", "INVALID_ARGUMENT"] as const;
      await refused(
        session.updateVariable("x", (x) => void (x as number[]).push(2)),
        ...invalid,
      );
      await refused(
        session.updateVariable("x", () => null),
        ...invalid,
      );
      const mistake = new Error("mine");
      const thrown = await session
        .updateVariable("x", () => {
          throw mistake;
        })
        .catch((error: unknown) => error);
      expect(thrown).toBe(mistake);
      expect(await session.get("x")).toEqual([1]);
      expect(await session.updateVariable("n", () => null)).toBe(null);
      expect(await session.updateVariable("x", () => null, { allowNull: true })).toBe(null);
    },
  },
  {
    name: `${CLIENTS} clients that increment one number ${TIMES} times each end at exactly ${CLIENTS * TIMES}`,
    async check({ expect, session, fixture }) {
      await everyClient((client) => client.increment("n"), fixture);
      expect(await session.get("n")).toBe(CLIENTS * TIMES);
    },
  },
  {
    name: `${CLIENTS} clients that update one variable ${TIMES} times each, within a minute for each update, lose none`,
    async check({ expect, session, fixture }) {
      const one = (counter: unknown) => ({ count: ((counter as { count: number } | undefined)?.count ?? 0) + 1 });
      await everyClient((client) => client.updateVariable("counter", one, { timeoutMs: 60_000 }), fixture);
      expect(await session.get("counter")).toEqual({ count: CLIENTS * TIMES });
    },
  },
];

async function everyClient(
  act: (session: ReturnType<Parameters<SessionLaw["check"]>[0]["directory"]["session"]>) => Promise<unknown>,
  fixture: Parameters<SessionLaw["check"]>[0]["fixture"],
): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, () => fixture.directory().session("s"));
  await Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < TIMES; i++) await act(client);
    }),
  );
}
