/** Laws of transact, and of many writers of three variables. */
import type { Transaction } from "../../session-transaction.ts";
import { seededRandom } from "../seeded-random.ts";
import type { SessionLaw } from "./stage.ts";

const WRITERS = 8;
const MOVES = 40;
const NAMES = ["a", "b", "c"] as const;

const MISMATCH = ["RevisionMismatchError", "REVISION_MISMATCH"] as const;

/** The laws. */
export const contendingLaws: readonly SessionLaw[] = [
  {
    name: "transact runs its function again with what another wrote meanwhile, and gives what it returned then",
    async check({ expect, session, fixture }) {
      const other = fixture.directory().session("s");
      await session.set("n", 0);
      const seen: unknown[] = [];
      const result = await session.transact(async (t) => {
        const n = (await t.get("n")) as number;
        seen.push(n);
        if (seen.length < 3) await other.increment("n", 10);
        t.set("n", n + 1);
        return `from ${n}`;
      });
      expect(result).toBe("from 20");
      expect(seen).toEqual([0, 10, 20]);
      expect(await session.get("n")).toBe(21);
    },
  },
  {
    name: "transact stops after its attempts, or its time, with nothing applied",
    async check({ expect, session, fixture, refused }) {
      const other = fixture.directory().session("s");
      await session.set("n", 0);
      let tries = 0;
      const beaten = async (t: Transaction) => {
        t.set("m", await t.get("n"));
        tries++;
        await other.increment("n");
      };
      await refused(session.transact(beaten, { attempts: 3 }), ...MISMATCH, { name: "n" });
      expect(tries).toBe(3);
      await refused(session.transact(beaten, { timeoutMs: 150 }), "DeadlineExceededError", "DEADLINE_EXCEEDED");
      expect(await session.get("n")).toBe(tries);
      expect(await session.has("m")).toBe(false);
    },
  },
  {
    name: "transact tries again for its own conflicts only",
    async check({ expect, session, refused }) {
      let tries = 0;
      const elsewhere = async () => {
        tries++;
        await session.set("other", 1, { ifRevision: 7 });
      };
      await refused(session.transact(elsewhere), ...MISMATCH, { name: "other" });
      expect(tries).toBe(1);
    },
  },
  {
    name: `${WRITERS} clients that move amounts between three variables ${MOVES} times each keep their sum`,
    async check({ expect, session, fixture }) {
      await session.setMany({ a: 100, b: 100, c: 100 });
      const move = async (client: typeof session, random: () => number) => {
        const from = Math.floor(random() * 3);
        const [source, target] = [NAMES[from], NAMES[(from + 1 + Math.floor(random() * 2)) % 3]] as [string, string];
        const amount = Math.floor(random() * 9) + 1;
        await client.transact(
          async (t) => {
            const [left, right] = (await Promise.all([t.get(source), t.get(target)])) as [number, number];
            t.set(source, left - amount);
            t.set(target, right + amount);
            t.increment("moves");
          },
          { timeoutMs: 60_000 },
        );
      };
      await Promise.all(
        Array.from({ length: WRITERS }, async (_, seed) => {
          const client = fixture.directory().session("s");
          const { fraction } = seededRandom(seed);
          for (let i = 0; i < MOVES; i++) await move(client, fraction);
        }),
      );
      const { moves, a, b, c } = Object.fromEntries(await session.getAll()) as Record<string, number>;
      expect(moves).toBe(WRITERS * MOVES);
      expect((a ?? 0) + (b ?? 0) + (c ?? 0)).toBe(300);
    },
  },
];
