/** The requests that changes have answered: kept with the change, for ten minutes, and at most a mebibyte a session [P6]. */
import type { FoundRequest, RememberedRequest, SessionKey } from "@session-bridge/core";
import type { Database } from "better-sqlite3";

/** As the contract has it: this runs in a thread that loads nothing of core, so a test compares them. */
export const REQUEST_MEMORY_MS = 10 * 60 * 1000;
export const REQUEST_MEMORY_BYTES = 1024 * 1024;

/** How many old requests a new one pushes out at most: more than come in, so that none stay for good, and few, so that no save is slow. */
const PUSHED_OUT = 4;

/** How much of what is old is forgotten at once: a few milliseconds of work, and more in a second than comes in. */
const FORGOTTEN_AT_ONCE = 1_000;
const FORGOTTEN_BYTES_AT_ONCE = 256 * 1024;

/** How many of a session's oldest requests are known at once: looking for them is looking at all that it has. */
const OLDEST_KNOWN = 1_000;

interface RequestRow {
  readonly digest: Uint8Array;
  readonly answer: Uint8Array | null;
  readonly atMs: number;
}

/** A request without what it is recognized by and answers. */
interface KeptRow {
  readonly number: number;
  readonly atMs: number;
  readonly sizeBytes: number;
}

/** What is known of a session's requests. */
interface Room {
  /** What they take, as an upper bound: what has grown too old is counted until the next look. */
  sizeBytes: number;
  /** Some of the oldest, the oldest last, once there are too many: nothing else is older. Some may have grown too old and be gone. */
  readonly oldest: KeptRow[];
}

/** Finding a request, on any connection. */
export function requestFinder(db: Database): (key: SessionKey, requestId: string, nowMs: number) => FoundRequest {
  const find = db.prepare<[string, string, string], RequestRow>(
    "SELECT digest, answer, at_ms AS atMs FROM requests WHERE tenant = ? AND id = ? AND request_id = ?",
  );
  const forgotten = db.prepare<[string, string], { readonly atMs: number }>(
    "SELECT at_ms AS atMs FROM forgotten_requests WHERE tenant = ? AND id = ?",
  );
  return ({ tenant, id }, requestId, nowMs) => {
    const row = find.get(tenant, id, requestId);
    const forgottenAtMs = forgotten.get(tenant, id)?.atMs ?? 0;
    return {
      request: row !== undefined && isFresh(row, nowMs) ? { ...row, requestId, answer: row.answer ?? undefined } : undefined,
      rememberedSinceMs: Math.max(nowMs - REQUEST_MEMORY_MS, forgottenAtMs) + 1,
    };
  };
}

/** Remembering requests, inside the transaction of the changes that they answer. */
export interface RequestMemory {
  /** Remembers a request before its change is tried; false when it is remembered already at `nowMs`. */
  remember(key: SessionKey, request: RememberedRequest, nowMs: number): boolean;
  /** The change is there: what is too old, or too much for the session, goes. False when that is the request itself. */
  makeRoom(key: SessionKey, request: RememberedRequest): boolean;
  /** The change was not possible: the request may come again. */
  unremember(key: SessionKey, requestId: string): void;
  /** Forgets some of what is too old at `nowMs`; the moment of the oldest that is left, undefined for none. */
  forgetOld(nowMs: number): number | undefined;
}

/** Prepares the writing side. */
export function requestMemory(db: Database): RequestMemory {
  const find = db.prepare<[string, string, string], { readonly atMs: number }>(
    "SELECT at_ms AS atMs FROM requests WHERE tenant = ? AND id = ? AND request_id = ?",
  );
  // One statement says whether it is there and puts it there.
  const put = db.prepare<[string, string, string, Uint8Array, Uint8Array | null, number, number]>(
    `INSERT INTO requests (tenant, id, request_id, digest, answer, at_ms, size_bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (tenant, id, request_id) DO NOTHING`,
  );
  const take = db.prepare<[string, string, string]>("DELETE FROM requests WHERE tenant = ? AND id = ? AND request_id = ?");
  const oldest = db.prepare<[number], KeptRow>(
    "SELECT number, at_ms AS atMs, size_bytes AS sizeBytes FROM requests ORDER BY number LIMIT ?",
  );
  // A number comes again once the latest row of all is gone, but never with the same moment.
  const drop = db.prepare<[number, number]>("DELETE FROM requests WHERE number = ? AND at_ms = ?");
  const ofSession = db.prepare<[string, string], KeptRow>(
    "SELECT number, at_ms AS atMs, size_bytes AS sizeBytes FROM requests WHERE tenant = ? AND id = ?",
  );
  const forget = db.prepare<[string, string, number]>(
    `INSERT INTO forgotten_requests (tenant, id, at_ms) VALUES (?, ?, ?)
     ON CONFLICT (tenant, id) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)`,
  );
  // The latest request may be what tells the last now.
  const keepNow = db.prepare<[number]>("UPDATE store SET last_now_ms = max(last_now_ms, ?)");
  const dropForgotten = db.prepare<[number]>("DELETE FROM forgotten_requests WHERE at_ms <= ?");

  const rooms = new Map<string, Room>();

  /** The moment of the oldest request, as far as it is known: nothing is older. */
  let oldestAtMs = 0;

  function pushOut(nowMs: number): void {
    if (oldestAtMs > nowMs - REQUEST_MEMORY_MS) return;
    for (const row of oldest.all(PUSHED_OUT)) {
      oldestAtMs = row.atMs;
      if (isFresh(row, nowMs)) return;
      drop.run(row.number, row.atMs);
    }
  }

  /** Looks at all that a session has. */
  function look({ tenant, id }: SessionKey): Room {
    const newestFirst = ofSession.all(tenant, id).sort((a, b) => b.number - a.number);
    const sizeBytes = newestFirst.reduce((sum, row) => sum + row.sizeBytes, 0);
    return { sizeBytes, oldest: sizeBytes > REQUEST_MEMORY_BYTES ? newestFirst.slice(-OLDEST_KNOWN) : [] };
  }

  /** Forgets the oldest of a session until the others fit. */
  function madeToFit(known: Room | undefined, key: SessionKey): Room {
    let room = known ?? look(key);
    while (room.sizeBytes > REQUEST_MEMORY_BYTES) {
      const row = room.oldest.pop();
      if (row === undefined) {
        room = look(key);
        continue;
      }
      room.sizeBytes -= row.sizeBytes;
      if (drop.run(row.number, row.atMs).changes > 0) forget.run(key.tenant, key.id, row.atMs);
    }
    return room;
  }

  const forgetOld = db.transaction((nowMs: number): number | undefined => {
    dropForgotten.run(nowMs - REQUEST_MEMORY_MS);
    let [sizeBytes, latestMs] = [0, 0];
    for (const row of oldest.all(FORGOTTEN_AT_ONCE)) {
      if (row.atMs > nowMs - REQUEST_MEMORY_MS || sizeBytes > FORGOTTEN_BYTES_AT_ONCE) break;
      drop.run(row.number, row.atMs);
      sizeBytes += row.sizeBytes;
      latestMs = Math.max(latestMs, row.atMs);
    }
    if (latestMs > 0) keepNow.run(latestMs);
    return oldest.get(1)?.atMs;
  });

  return {
    remember({ tenant, id }, request, nowMs) {
      const { requestId, digest, answer, atMs } = request;
      const isNew = () => put.run(tenant, id, requestId, digest, answer ?? null, atMs, sizeOf(request)).changes > 0;
      if (isNew()) return true;
      const row = find.get(tenant, id, requestId);
      if (row !== undefined && isFresh(row, nowMs)) return false;
      take.run(tenant, id, requestId);
      return isNew();
    },
    unremember({ tenant, id }, requestId) {
      take.run(tenant, id, requestId);
    },
    makeRoom(key, request) {
      pushOut(request.atMs);
      const name = `${key.tenant}\0${key.id}`;
      const known = rooms.get(name);
      if (known !== undefined) known.sizeBytes += sizeOf(request);
      rooms.delete(name);
      rooms.set(name, madeToFit(known, key));
      if (rooms.size > MOST_ROOMS) rooms.delete(rooms.keys().next().value as string);
      return sizeOf(request) <= REQUEST_MEMORY_BYTES;
    },
    forgetOld: (nowMs) => forgetOld.immediate(nowMs),
  };
}

/** What it takes of its session's room. */
const sizeOf = ({ requestId, digest, answer }: RememberedRequest): number => requestId.length + digest.length + (answer?.length ?? 0);

/** How many sessions' rooms are known without counting; the one used longest ago is forgotten first. */
const MOST_ROOMS = 10_000;

const isFresh = ({ atMs }: { readonly atMs: number }, nowMs: number): boolean => atMs > nowMs - REQUEST_MEMORY_MS;
