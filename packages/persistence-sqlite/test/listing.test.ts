import { expect, it } from "vitest";
import { LISTED_AT_ONCE } from "../src/reading.ts";
import { create, NOW_MS, scratchStore } from "./scratch.ts";

it("[P23] a listing that finds little looks at a bounded number of sessions at a time, and goes on from there", async () => {
  const store = scratchStore();
  await store.open();
  const count = 2 * LISTED_AT_ONCE + 10;
  const ids = Array.from({ length: count }, (_, n) => `s-${String(n).padStart(6, "0")}`);
  const wanted = [ids[3], ids[LISTED_AT_ONCE + 3], ids[count - 1]];
  await store.save(
    ids.map((id, n) => {
      const { record, ...delta } = create(id);
      // Of the first half, those that do not fit have other labels; of the second, their time is over.
      const isOther = !wanted.includes(id);
      const differs = n < LISTED_AT_ONCE ? { labels: { team: "b" } } : { expiresAtMs: NOW_MS };
      return { ...delta, set: [], record: { ...record, variableCount: 0, labels: { team: "a" }, ...(isOther && differs) } };
    }),
  );
  const pages: (readonly string[])[] = [];
  let after = "";
  do {
    const query = { tenant: "", prefix: "s-", labels: { team: "a" }, after, limit: 100, nowMs: NOW_MS };
    const { items, next = "" } = await store.listSessions(query);
    pages.push(items.map(({ key }) => key.id));
    after = next;
  } while (after !== "");
  expect(pages).toEqual(wanted.map((id) => [id]));
});
