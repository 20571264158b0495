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
const OLDEST_KNOWN = 2_000;

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

/** A request that is gone. */
interface DroppedRow extends SessionKey {
  readonly atMs: number;
  readonly sizeBytes: number;
}

/** What is known of a session's requests. */
interface Room {
  /** What they take. */
  sizeBytes: number;
  /** The numbers of some of the oldest, the oldest last, once there are too many: nothing else is older. Some may be gone. */
  oldest: number[];
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
  /** The change is there: what is too old, or too much for the session, goes. */
  makeRoom(key: SessionKey, request: RememberedRequest): void;
  /** The change was not possible: the request may come again. */
  unremember(key: SessionKey, requestId: string): void;
  /** Forgets some of what is too old at `nowMs`; the moment of the oldest that is left, undefined for none. */
  forgetOld(nowMs: number): number | undefined;
  /** A transaction was taken back: what was learnt in it is not so. */
  takenBack(): void;
  /** The moment of the latest request in the file; 0 while nobody knows. */
  readonly latestAtMs: number;
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
  const DROPPED = "RETURNING tenant, id, at_ms AS atMs, size_bytes AS sizeBytes";
  const take = db.prepare<[string, string, string], DroppedRow>(
    `DELETE FROM requests WHERE tenant = ? AND id = ? AND request_id = ? ${DROPPED}`,
  );
  const oldest = db.prepare<[number], KeptRow>(
    "SELECT number, at_ms AS atMs, size_bytes AS sizeBytes FROM requests ORDER BY number LIMIT ?",
  );
  const drop = db.prepare<[number], DroppedRow>(`DELETE FROM requests WHERE number = ? ${DROPPED}`);
  const sizeOfSession = db.prepare<[string, string], number>("SELECT total(size_bytes) FROM requests WHERE tenant = ? AND id = ?").pluck();
  // The index alone answers it, in the order of the ids.
  const ofSession = db.prepare<[string, string], number>("SELECT number FROM requests WHERE tenant = ? AND id = ?").pluck();
  const forget = db.prepare<[string, string, number]>(
    `INSERT INTO forgotten_requests (tenant, id, at_ms) VALUES (?, ?, ?)
     ON CONFLICT (tenant, id) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)`,
  );
  // The latest request may be what tells the last now.
  const keepNow = db.prepare<[number]>("UPDATE store SET last_now_ms = max(last_now_ms, ?)");
  const dropForgotten = db.prepare<[number]>("DELETE FROM forgotten_requests WHERE at_ms <= ?");

  const rooms = new Map<string, Room>();
  let latestNumber = 0;
  let latestAtMs = 0;

  /** The moment of the oldest request, as far as it is known: nothing is older. */
  let oldestAtMs = 0;

  /** A row is gone, and what it took of its session's room. */
  function dropped(row: DroppedRow | undefined): DroppedRow | undefined {
    if (row === undefined) return undefined;
    if (row.atMs >= latestAtMs) latestAtMs = 0;
    const room = rooms.get(keyText(row));
    if (room !== undefined) room.sizeBytes -= row.sizeBytes;
    return row;
  }

  function pushOut(nowMs: number): void {
    if (oldestAtMs > nowMs - REQUEST_MEMORY_MS) return;
    for (const row of oldest.all(PUSHED_OUT)) {
      oldestAtMs = row.atMs;
      if (isFresh(row, nowMs)) return;
      dropped(drop.get(row.number));
    }
  }

  /** The numbers of a session's oldest, the oldest last. A typed array sorts them several times as fast. */
  function oldestOf({ tenant, id }: SessionKey): number[] {
    const numbers = Float64Array.from(ofSession.all(tenant, id)).sort();
    return [...numbers.subarray(0, OLDEST_KNOWN)].reverse();
  }

  /** Forgets the oldest of those that are known; false when none of them is there any more. */
  function forgetOldest({ oldest }: Room, { tenant, id }: SessionKey): boolean {
    for (let number = oldest.pop(); number !== undefined; number = oldest.pop()) {
      const row = dropped(drop.get(number));
      if (row === undefined) continue;
      forget.run(tenant, id, row.atMs);
      return true;
    }
    return false;
  }

  /** Forgets the oldest of a session until the others fit; or gives up, when there are none where a damaged file says that there are. */
  function makeFit(room: Room, key: SessionKey): void {
    while (room.sizeBytes > REQUEST_MEMORY_BYTES) {
      if (forgetOldest(room, key)) continue;
      room.oldest = oldestOf(key);
      if (!forgetOldest(room, key)) return;
    }
  }

  const forgetOld = db.transaction((nowMs: number): number | undefined => {
    dropForgotten.run(nowMs - REQUEST_MEMORY_MS);
    let [sizeBytes, latestMs] = [0, 0];
    for (const row of oldest.all(FORGOTTEN_AT_ONCE)) {
      if (row.atMs > nowMs - REQUEST_MEMORY_MS || sizeBytes > FORGOTTEN_BYTES_AT_ONCE) break;
      dropped(drop.get(row.number));
      sizeBytes += row.sizeBytes;
      latestMs = Math.max(latestMs, row.atMs);
    }
    if (latestMs > 0) keepNow.run(latestMs);
    return oldest.get(1)?.atMs;
  });

  return {
    remember({ tenant, id }, request, nowMs) {
      const { requestId, digest, answer, atMs } = request;
      const isNew = (): boolean => {
        const { changes, lastInsertRowid } = put.run(tenant, id, requestId, digest, answer ?? null, atMs, sizeOf(request));
        if (changes === 0) return false;
        // Once the latest row of all is gone, its number comes again: those that are known may be other requests then.
        if (Number(lastInsertRowid) <= latestNumber) rooms.clear();
        latestNumber = Number(lastInsertRowid);
        latestAtMs = atMs;
        return true;
      };
      if (isNew()) return true;
      const row = find.get(tenant, id, requestId);
      if (row !== undefined && isFresh(row, nowMs)) return false;
      dropped(take.get(tenant, id, requestId));
      return isNew();
    },
    unremember({ tenant, id }, requestId) {
      take.get(tenant, id, requestId);
      latestAtMs = 0;
    },
    makeRoom(key, request) {
      pushOut(request.atMs);
      const name = keyText(key);
      const known = rooms.get(name);
      if (known !== undefined) known.sizeBytes += sizeOf(request);
      const room = known ?? { sizeBytes: sizeOfSession.get(key.tenant, key.id) as number, oldest: [] };
      rooms.delete(name);
      rooms.set(name, room);
      makeFit(room, key);
      if (rooms.size > MOST_ROOMS) rooms.delete(rooms.keys().next().value as string);
    },
    forgetOld: (nowMs) => forgetOld.immediate(nowMs),
    takenBack() {
      rooms.clear();
      latestAtMs = 0;
    },
    get latestAtMs() {
      return latestAtMs;
    },
  };
}

/** A session's key as one text. */
export const keyText = ({ tenant, id }: SessionKey): string => `${tenant}\0${id}`;

/** What it takes of its session's room. */
const sizeOf = ({ requestId, digest, answer }: RememberedRequest): number => requestId.length + digest.length + (answer?.length ?? 0);

/** How many sessions' rooms are known without counting; the one used longest ago is forgotten first. */
const MOST_ROOMS = 10_000;

const isFresh = ({ atMs }: { readonly atMs: number }, nowMs: number): boolean => atMs > nowMs - REQUEST_MEMORY_MS;
