/** What a transaction has read and is going to write. */
import type { Moment } from "./applied.ts";
import { RevisionMismatchError } from "./errors.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { apply } from "./operations.ts";
import type { StoredVariable } from "./persistence.ts";
import { refuse } from "./session-options.ts";
import type { SessionHandle } from "./session-over-port.ts";
import type { CallOptions, Operation } from "./session-port.ts";
import { compareText } from "./text-order.ts";
import { VariableStore } from "./variable-store.ts";

/** How a transaction goes about its requests. */
export interface TransactionManner {
  /** Whether what is read is judged with the writes. */
  readonly checkReads: boolean;
  /** The options of each request; throws when there is no time for one. */
  readonly call: () => CallOptions;
}

/** What a transaction can write. */
type TransactionWrite = Exclude<Operation, { kind: "declare" }>;

/** Something that was read: it was so at least from one revision of the session on. */
interface Seen {
  readonly name: string;
  /** Its revision, 0 when there was none. */
  readonly revision: number;
  readonly from: number;
}

/**
 * Reads see one revision and the transaction's own writes; what was read is judged with the writes at the end. Each answer was so from the
 * revision of the variable (of a missing one: of the session, nobody knows since when) to that of the session. There is a revision that
 * all of them are of as long as none begins after another ends, in whatever order answers to reads that go on at once come in.
 */
export class TransactionState {
  readonly #handle: SessionHandle;
  readonly #manner: TransactionManner;
  readonly #reads = new Map<string, StoredVariable | undefined>();
  readonly #writes = new Map<string, TransactionWrite[]>();
  #newest: Seen = { name: "", revision: 0, from: 0 };
  #until = Number.POSITIVE_INFINITY;
  #conflict: RevisionMismatchError | undefined;
  #isOpen = true;

  constructor(handle: SessionHandle, manner: TransactionManner) {
    this.#handle = handle;
    this.#manner = manner;
  }

  /** What has ended the transaction, if something has: a read or the commit came too late. */
  get conflict(): RevisionMismatchError | undefined {
    return this.#conflict;
  }

  /** The variable as this transaction sees it. */
  async variable(name: string): Promise<StoredVariable | undefined> {
    this.checkOpen();
    const writes = this.#writesTo(name);
    if (this.#isUnread(name, writes)) {
      this.#checkConflict();
      const { variable, sessionRevision } = await this.#handle.context.port.getVariable(this.#handle.id, name, this.#manner.call());
      this.#take(name, variable, sessionRevision);
    }
    return after(this.#reads.get(name), writes);
  }

  /** Those of the variables that there are, in byte order of their names; what has to be asked for is, in one request. */
  async variables(names: readonly string[]): Promise<readonly StoredVariable[]> {
    this.checkOpen();
    const writes = new Map([...names].sort(compareText).map((name) => [name, this.#writesTo(name)]));
    const unread = [...writes].filter(([name, own]) => this.#isUnread(name, own)).map(([name]) => name);
    if (unread.length > 0) {
      this.#checkConflict();
      const { context, id } = this.#handle;
      const { variables, sessionRevision } = await context.port.getVariables(id, { names: unread }, this.#manner.call());
      const found = new Map(variables.map((variable) => [variable.name, variable]));
      for (const name of unread) this.#take(name, found.get(name), sessionRevision);
    }
    return [...writes].map(([name, own]) => after(this.#reads.get(name), own)).filter((variable) => variable !== undefined);
  }

  /** Adds a change, which takes the place of a value that it makes pointless. */
  write(operation: TransactionWrite): void {
    this.checkOpen();
    const own = this.#writesTo(operation.name);
    const last = own.at(-1);
    const replaces = operation.kind === "delete" || (operation.kind === "set" && operation.ttl !== "keep");
    const rest = replaces && last?.kind === "set" && last.ifRevision === undefined ? own.slice(0, -1) : own;
    this.#writes.set(operation.name, [...rest, operation]);
  }

  /** Writes everything, if what was read is still there. Nothing to write asks nobody: the reads saw one state. */
  async commit(): Promise<void> {
    this.checkOpen();
    this.close();
    this.#checkConflict();
    if (this.#writes.size === 0) return;
    const { context, id, creation } = this.#handle;
    try {
      await context.port.update(id, { ...creation, operations: this.#operations() }, this.#manner.call());
    } catch (error) {
      if (error instanceof RevisionMismatchError) this.#conflict = error;
      throw error;
    }
  }

  /** Nothing is read or written any more. */
  close(): void {
    this.#isOpen = false;
  }

  /** Throws InvalidArgumentError when the transaction is over. */
  checkOpen(): void {
    if (!this.#isOpen) throw refuse("the transaction is over: use it inside its function only, and await what it reads");
  }

  #checkConflict(): void {
    if (this.#conflict !== undefined) throw this.#conflict;
  }

  #writesTo(name: string): readonly TransactionWrite[] {
    return this.#writes.get(name) ?? [];
  }

  /** Whether the store has to be asked: what the transaction begins by setting or deleting is known. */
  #isUnread(name: string, [first]: readonly TransactionWrite[]): boolean {
    return first?.kind !== "set" && first?.kind !== "delete" && !this.#reads.has(name);
  }

  /** Takes in what was read, unless there is no revision that it and everything before were there at. */
  #take(name: string, variable: StoredVariable | undefined, sessionRevision: number): void {
    this.checkOpen();
    this.#checkConflict();
    // Asked for twice at once: the first answer is what the transaction sees.
    if (this.#reads.has(name)) return;
    const revision = variable?.revision ?? 0;
    const from = variable === undefined ? sessionRevision : revision;
    if (from > this.#newest.from) this.#newest = { name, revision, from };
    this.#until = Math.min(this.#until, sessionRevision);
    if (this.#newest.from > this.#until) {
      const { name: newest, revision: currentRevision } = this.#newest;
      const message = `${JSON.stringify(newest)} is newer than what the transaction has read before`;
      this.#conflict = new RevisionMismatchError(message, { details: { name: newest, currentRevision } });
      throw this.#conflict;
    }
    this.#reads.set(name, variable);
  }

  /** The writes, each name's first one with what was read of it, and bare preconditions for what was only read. */
  #operations(): readonly Operation[] {
    const unchecked = new Map(this.#manner.checkReads ? [...this.#reads].map(([name, read]) => [name, read?.revision ?? 0]) : []);
    const writes = [...this.#writes.values()].flat().map((write) => {
      const ifRevision = unchecked.get(write.name);
      if (write.ifRevision !== undefined || ifRevision === undefined) return write;
      unchecked.delete(write.name);
      return { ...write, ifRevision };
    });
    return [...[...unchecked].map(([name, ifRevision]): Operation => ({ kind: "check", name, ifRevision })), ...writes];
  }
}

/** Where values are looked at before they are written: sizes are the server's to judge. */
const HERE: Moment = { nowMs: 0, revision: 0, limits: { ...DEFAULT_LIMITS, valueBytes: Number.POSITIVE_INFINITY } };

/** The variable after changes of its own, by the code that judges them in the end. */
function after(before: StoredVariable | undefined, changes: readonly TransactionWrite[]): StoredVariable | undefined {
  if (changes.length === 0) return before;
  const contents = { store: VariableStore.of(before === undefined ? [] : [before]) };
  return changes.reduce((now, change) => apply(now, change, HERE).contents, contents).store.variable(changes[0]?.name ?? "");
}
