/** A call that is answered by many items, as fast as its reader has credit for them and the connection has room. */
import { FRAME } from "@session-bridge/client/frames";
import {
  type Cancel,
  CODES,
  DeadlineExceededError,
  LimitExceededError,
  ServerUnavailableError,
  type Subscription,
} from "@session-bridge/core/internal";
import { type BegunCall, failureOf, logEnd } from "../carrier/failure.ts";
import type { ServedMethod, ServeStream } from "../carrier/methods.ts";
import { wellFormed } from "../carrier/received.ts";
import type { Pieces } from "../carrier/response-pieces.ts";
import type { WatchedCall } from "../carrier/watched-call.ts";
import { type CallHome, decoded } from "./call-home.ts";

/** How long an item may wait for its reader. */
const PATIENCE_MS = 60_000;
const MOST_CREDIT = 65_535;

/** An open stream. It has at most one item that waits. */
export class DirectStream implements BegunCall {
  readonly id: number;
  readonly message: unknown;
  readonly startedAtMs: number;
  readonly #method: ServedMethod;
  readonly #home: CallHome;
  readonly #watched: WatchedCall | undefined;
  readonly #over = new AbortController();
  #items: Subscription<unknown> | undefined;
  #cancelDeadline: Cancel = () => {};
  #isEnded = false;
  #credit = 0;
  #waiting: { readonly item: Pieces; readonly giveUp: Cancel } | undefined;

  constructor(id: number, method: ServedMethod, bytes: Uint8Array, home: CallHome, watched: WatchedCall | undefined) {
    const { clock } = home.context;
    this.id = id;
    this.#method = method;
    this.#home = home;
    this.#watched = watched;
    this.startedAtMs = clock.monotonic();
    this.message = decoded(method, bytes, clock, watched);
  }

  get method(): string {
    return this.#method.definition.path;
  }

  /** Begins to answer, for at most `timeoutMs` if that is not 0. */
  open(timeoutMs: number): void {
    this.#watched?.handling();
    if (timeoutMs > 0) {
      const due = (): void => this.#fail(new DeadlineExceededError("the stream's deadline has come"));
      this.#cancelDeadline = this.#home.context.clock.schedule(timeoutMs, due);
    }
    const caller = { tenant: "", signal: this.#over.signal, ready: () => this.#pump() };
    try {
      this.#items = (this.#method.serve as ServeStream)(wellFormed(this.message), caller);
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.#pump();
  }

  /** Its reader takes so many items more. */
  grant(items: number): void {
    this.#credit = Math.min(this.#credit + items, MOST_CREDIT);
    this.goOn();
  }

  /** Sends the item that waits, if it may be sent now. */
  goOn(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || !this.#maySend) return;
    this.#waiting = undefined;
    waiting.giveUp();
    this.#sendItem(waiting.item);
    this.#pump();
  }

  /** Nobody reads it any more. */
  leave(): void {
    if (!this.#end(new Error("the caller cancelled the call"))) return;
    logEnd(this, "left by its reader", this.#home.context);
    this.#told(CODES.CANCELLED, "");
  }

  /** Ends it because the server does. */
  shutDown(): void {
    this.#fail(new ServerUnavailableError("SHUTTING_DOWN", "the server is shutting down"));
  }

  get #maySend(): boolean {
    return this.#credit > 0 && this.#home.outlet.hasRoom;
  }

  /** Sends what there is, until one item has to wait. */
  #pump(): void {
    try {
      while (!this.#isEnded && this.#waiting === undefined) {
        const message = this.#items?.take();
        if (message === undefined) {
          if (this.#items?.isOver) this.#finish();
          return;
        }
        const item = this.#home.encoded(this.#method, message, this.#watched);
        if (this.#maySend) this.#sendItem(item);
        else this.#hold(item);
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #finish(): void {
    if (!this.#end(undefined)) return;
    logEnd(this, "ended", this.#home.context);
    this.#home.outlet.send(FRAME.end, this.id);
    this.#told(0, "");
    this.#home.ended(this);
  }

  #sendItem(item: Pieces): void {
    this.#credit -= 1;
    this.#home.outlet.sendPieces(FRAME.item, this.id, item);
  }

  /** Lets an item wait for its reader. */
  #hold(item: Pieces): void {
    const tooSlow = (): void => this.#fail(new LimitExceededError("WATCH_TOO_SLOW", "the reader took nothing for a minute"));
    this.#waiting = { item, giveUp: this.#home.context.clock.schedule(PATIENCE_MS, tooSlow) };
  }

  #fail(thrown: unknown): void {
    if (!this.#end(thrown)) return;
    const { status, reason } = failureOf(this, thrown, this.#home.context);
    this.#home.outlet.send(FRAME.error, this.id, status.bytes);
    this.#told(status.code, reason);
    this.#home.ended(this);
  }

  /** Stops everything; false when that was done before. */
  #end(why: unknown): boolean {
    if (this.#isEnded) return false;
    this.#isEnded = true;
    this.#cancelDeadline();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.giveUp();
    if (why !== undefined) this.#over.abort(why);
    return true;
  }

  #told(code: number, reason: string): void {
    this.#watched?.answered(code);
    this.#watched?.handled(reason);
  }
}
