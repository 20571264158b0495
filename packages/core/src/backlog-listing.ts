/** A store's listing with what is not saved yet. */
import type { Backlog } from "./backlog.ts";
import { recordAfter, setBy, storedBefore } from "./deltas.ts";
import type { Page, SessionDelta, SessionKey, SessionPersistence, SessionQuery, SessionSummary } from "./persistence.ts";
import { isListed } from "./session-query.ts";
import { compareText } from "./text-order.ts";

/** The page that the store would give if everything in the backlog were saved; with fewer items where deleted ones fell out of it. */
export async function listWithUnsaved(
  persistence: SessionPersistence,
  backlog: Backlog,
  query: SessionQuery,
): Promise<Page<SessionSummary>> {
  // Before the store is asked: what is saved meanwhile is in its answer.
  const behind = backlog
    .keys()
    .filter(({ tenant }) => tenant === query.tenant)
    .map((key) => ({ key, deltas: backlog.of(key) }));
  const { items, next } = await persistence.listSessions(query);
  const found = new Map(items.map((summary) => [summary.key.id, summary]));
  for (const { key, deltas } of behind) {
    if (!isOnPage(key.id, query, next)) continue;
    const summary = await summaryAfter(persistence, key, found.get(key.id), deltas);
    if (summary !== undefined && isListed(key.id, summary.record, query)) found.set(key.id, summary);
    else found.delete(key.id);
  }
  const sorted = [...found.values()].sort((a, b) => compareText(a.key.id, b.key.id));
  const page = sorted.slice(0, query.limit);
  return { items: page, next: sorted.length > page.length ? page.at(-1)?.key.id : next };
}

async function summaryAfter(
  persistence: SessionPersistence,
  key: SessionKey,
  stored: SessionSummary | undefined,
  deltas: readonly SessionDelta[],
): Promise<SessionSummary | undefined> {
  // The store does not list a session that lives on only by what it has not been told yet.
  const before = stored?.record ?? (await storedBefore(persistence, key, deltas))?.record;
  const record = recordAfter(before, deltas);
  const deadlines = [stored?.dueAtMs, record?.expiresAtMs, ...deltas.flatMap(setBy).map(({ expiresAtMs }) => expiresAtMs)];
  const dueAtMs = Math.min(...deadlines.map((ms) => ms ?? Number.POSITIVE_INFINITY));
  return record && { key, record, dueAtMs: dueAtMs === Number.POSITIVE_INFINITY ? undefined : dueAtMs };
}

/** Whether the id belongs on the page whose last id is `last`. */
const isOnPage = (id: string, { after }: SessionQuery, last: string | undefined): boolean =>
  compareText(id, after) > 0 && (last === undefined || compareText(id, last) <= 0);
