/**
 * What a watched session goes through, as a log of commits in memory. A watcher is a place in it: watching costs nothing but the place, and
 * a watcher that is stuck is cut. The log shares its values with the session's heads.
 */
import { CompactedError, LimitExceededError } from "./errors.ts";
import { sizeOf } from "./kept-variable.ts";
import type { WatchChange } from "./watch-port.ts";

/** How much of a log is kept. */
export interface FeedBounds {
  /** Commits, and their bytes, that a new watch can go on after. */
  readonly keptCommits: number;
  readonly keptBytes: number;
  /** Commits, and their bytes, that a watcher may be behind, beyond the commit that it takes next. */
  readonly lagCommits: number;
  readonly lagBytes: number;
}

/** What holds unless a test says otherwise. */
export const FEED_BOUNDS: FeedBounds = {
  keptCommits: 1_000,
  keptBytes: 1024 * 1024,
  lagCommits: 1_000,
  lagBytes: 8 * 1024 * 1024,
};

/** A commit, as a watcher sees it. */
export interface FeedCommit {
  readonly revision: number;
  readonly changes: readonly WatchChange[];
}

/** A commit in the log; the sums count from the beginning of the log, this one included. */
interface Entry {
  readonly revision: number;
  readonly changes: readonly WatchChange[];
  readonly commits: number;
  readonly bytes: number;
  next: Entry | undefined;
}

/** What a commit and a change take in memory beside names and values, estimated. */
const COMMIT_BYTES = 128;
const CHANGE_BYTES = 64;
/** What a log takes that has nothing in it. */
const FEED_BYTES = 1_024;

/** A new watcher. */
export interface Watcher {
  /** Goes on after this revision; undefined for after what is there now. */
  readonly since: number | undefined;
  /** Whether a change concerns it. */
  readonly concerns: (change: WatchChange) => boolean;
  /** Called when it is cut or leaves: nothing that it holds is of any use from then on. */
  readonly over: () => void;
  /** Called when there is something to take, or it was cut; never throws. */
  readonly ready: () => void;
}

/** A watcher's place. */
export interface Cursor {
  /** Everything that concerns the watcher up to here has been taken. */
  readonly revision: number;
  /** The next commit that concerns the watcher, with the changes that do; undefined when there is none yet. Throws when the watcher was cut. */
  take(): FeedCommit | undefined;
  /** Throws when the watcher was cut. */
  check(): void;
  /** The watcher leaves. */
  close(): void;
}

/** The log of one session, and those who follow it. */
export class SessionFeed {
  readonly #bounds: FeedBounds;
  /** The oldest place that can be gone on from; what it did is not known any more. */
  #first: Entry;
  #last: Entry;
  /** Where the watcher is that is furthest behind, as of the last commit. Not its place: that would keep the log from there on. */
  #behindBytes = 0;
  readonly #cursors = new Set<LogCursor>();
  /** How often the session ended: what was read of it before is no more. */
  endings = 0;

  /** A log that begins after `revision`. */
  constructor(revision: number, bounds: FeedBounds = FEED_BOUNDS) {
    this.#bounds = bounds;
    this.#first = beginning(revision);
    this.#last = this.#first;
  }

  get watchers(): number {
    return this.#cursors.size;
  }

  /** The revision of the last commit. */
  get revision(): number {
    return this.#last.revision;
  }

  /** What it keeps in memory, estimated: what is kept for new watches, or what the slowest watcher has to take. */
  get sizeBytes(): number {
    return FEED_BYTES + this.#last.bytes - Math.min(this.#first.bytes, this.#behindBytes);
  }

  /** Adds a commit and tells those whom it concerns; cuts those who are too far behind. */
  publish(revision: number, changes: readonly WatchChange[]): void {
    const before = this.#last;
    const entry: Entry = {
      revision,
      changes,
      commits: before.commits + 1,
      bytes: before.bytes + sizeOfChanges(changes),
      next: undefined,
    };
    before.next = entry;
    this.#last = entry;
    const { keptCommits, keptBytes, lagCommits, lagBytes } = this.#bounds;
    while (entry.commits - this.#first.commits > keptCommits || entry.bytes - this.#first.bytes > keptBytes) {
      this.#first = this.#first.next as Entry;
    }
    if (changes.some(isEnding)) this.endings += 1;
    let behindBytes = entry.bytes;
    for (const cursor of this.#cursors) {
      const at = cursor.see(entry);
      const next = at.next ?? entry;
      if (entry.commits - at.commits > lagCommits || entry.bytes - next.bytes > lagBytes) cursor.end(tooSlow());
      else if (at.bytes < behindBytes) behindBytes = at.bytes;
    }
    this.#behindBytes = behindBytes;
  }

  /** A new watcher's place; `left` is called once when it leaves, cut or not. Throws CompactedError when that place is not in the log. */
  open({ since, concerns, over, ready }: Watcher, left: () => void = () => {}): Cursor {
    const at = since === undefined ? this.#last : this.#find(since);
    if (at === undefined) throw new CompactedError(`what came after revision ${since} is not known any more`);
    const cursor = new LogCursor(at, {
      concerns,
      ready,
      left,
      cut: () => {
        this.#cursors.delete(cursor);
        over();
      },
    });
    this.#cursors.add(cursor);
    return cursor;
  }

  /** Cuts every watcher. */
  end(error: Error): void {
    for (const cursor of this.#cursors) cursor.end(error);
  }

  /** Something happened that nobody saw: every watcher is cut, and the log begins anew after `revision`. */
  restart(revision: number): void {
    this.#first = beginning(revision);
    this.#last = this.#first;
    this.#behindBytes = 0;
    this.endings += 1;
    this.end(new CompactedError("changes were made that cannot be told one by one"));
  }

  #find(revision: number): Entry | undefined {
    // Before the first end of a session every store is at 0, the one of yesterday, too: nobody can tell which 0 it is.
    if (revision === 0) return undefined;
    let entry: Entry | undefined = this.#first;
    while (entry !== undefined && entry.revision < revision) entry = entry.next;
    return entry?.revision === revision ? entry : undefined;
  }
}

interface CursorParts extends Pick<Watcher, "concerns" | "ready"> {
  readonly cut: () => void;
  readonly left: () => void;
}

/** A place in a log. Never holds more of it than the place: a watcher that left or was cut holds nothing. */
class LogCursor implements Cursor {
  #at: Entry;
  readonly #concerns: Watcher["concerns"];
  readonly #ready: Watcher["ready"];
  readonly #cut: () => void;
  #left: (() => void) | undefined;
  #error: Error | undefined;

  constructor(at: Entry, { concerns, ready, cut, left }: CursorParts) {
    this.#at = at;
    this.#concerns = concerns;
    this.#ready = ready;
    this.#cut = cut;
    this.#left = left;
  }

  get revision(): number {
    return this.#at.revision;
  }

  take(): FeedCommit | undefined {
    this.check();
    for (let entry = this.#at.next; entry !== undefined; entry = entry.next) {
      this.#at = entry;
      const all = entry.changes.every(this.#concerns);
      const changes = all ? entry.changes : entry.changes.filter(this.#concerns);
      // Never the entry itself: whoever keeps that keeps all that follows it.
      if (changes.length > 0) return { revision: entry.revision, changes };
    }
    return undefined;
  }

  check(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  close(): void {
    this.#over(new CompactedError("the watch was closed"));
    const left = this.#left;
    this.#left = undefined;
    left?.();
  }

  /** The log has a new last entry; gives the place, which moves past an entry that comes next and does not concern the watcher. */
  see(entry: Entry): Entry {
    if (this.#at.next === entry && !entry.changes.some(this.#concerns)) this.#at = entry;
    else this.#ready();
    return this.#at;
  }

  end(error: Error): void {
    if (this.#over(error)) this.#ready();
  }

  /** Lets go of the log; false when that was done before. */
  #over(error: Error): boolean {
    if (this.#error !== undefined) return false;
    this.#error = error;
    this.#at = beginning(this.#at.revision);
    this.#cut();
    return true;
  }
}

const beginning = (revision: number): Entry => ({ revision, changes: [], commits: 0, bytes: 0, next: undefined });

const isEnding = ({ kind }: WatchChange): boolean => kind === "session_deleted" || kind === "session_expired";

function sizeOfChanges(changes: readonly WatchChange[]): number {
  let bytes = COMMIT_BYTES;
  for (const change of changes) {
    bytes += CHANGE_BYTES;
    if (change.kind === "set") bytes += change.variable.name.length + sizeOf(change.variable);
    else if (change.kind === "delete" || change.kind === "expire") bytes += change.name.length;
  }
  return bytes;
}

const tooSlow = (): LimitExceededError =>
  new LimitExceededError("WATCH_TOO_SLOW", "the watch did not keep up with the changes; a new one can go on after the last that was taken");
