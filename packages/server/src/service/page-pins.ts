/** Snapshots that wait for their next page. They are immutable, so all pages of one are one consistent state. */
import { type Clock, PageExpiredError, type Random } from "@session-bridge/core/internal";
import { invalidArgument } from "./messages.ts";

/** How long a snapshot waits after its last page. */
export const PIN_MS = 30_000;
/** How many snapshots one session may have; a further one lets the oldest go. */
export const PINS_PER_SESSION = 4;

/** What a page comes from. */
export interface Snapshot<T> {
  readonly items: readonly T[];
  readonly sessionRevision: number;
}

/** A snapshot and where the page begins. */
export interface PinnedPage<T> extends Snapshot<T> {
  readonly offset: number;
  /** The token of the page that begins at `offset`; asking again with the same token gives the same page. */
  tokenAt(offset: number): string;
}

/** Which pages belong together: the same request of the same session. */
export interface PinScope {
  readonly tenant: string;
  readonly sessionId: string;
  /** The request without its token, as text that differs whenever the answer would. */
  readonly request: string;
}

/** The pinned snapshots of a server. */
export interface PagePins<T> {
  /** Keeps a snapshot for PIN_MS. */
  pin(scope: PinScope, snapshot: Snapshot<T>): PinnedPage<T>;
  /** The page of a token. Throws PageExpiredError for a snapshot that is gone, InvalidArgumentError for a token of another request. */
  open(scope: PinScope, token: string): PinnedPage<T>;
  /** How many snapshots are held. */
  readonly size: number;
}

interface Pin<T> extends Snapshot<T> {
  readonly id: string;
  readonly scope: PinScope;
  untilMs: number;
}

/** Makes an empty set of pins. `clock` drives their end. */
export function pagePins<T>(clock: Clock, random: Random): PagePins<T> {
  const pins = new Map<string, Pin<T>>();
  let sweeping = false;

  const sweep = (): void => {
    sweeping = false;
    const now = clock.monotonic();
    for (const pin of pins.values()) if (pin.untilMs <= now) pins.delete(pin.id);
    scheduleSweep();
  };
  const scheduleSweep = (): void => {
    if (sweeping || pins.size === 0) return;
    sweeping = true;
    clock.schedule(PIN_MS, sweep);
  };
  const page = (pin: Pin<T>, offset: number): PinnedPage<T> => {
    pin.untilMs = clock.monotonic() + PIN_MS;
    return { items: pin.items, sessionRevision: pin.sessionRevision, offset, tokenAt: (next) => `${pin.id}.${next}` };
  };

  return {
    pin(scope, snapshot) {
      const same = [...pins.values()].filter((pin) => sameSession(pin.scope, scope));
      if (same.length >= PINS_PER_SESSION) pins.delete((same[0] as Pin<T>).id);
      const id = Buffer.from(random.bytes(16)).toString("base64url");
      const pin: Pin<T> = { ...snapshot, id, scope, untilMs: 0 };
      pins.set(id, pin);
      scheduleSweep();
      return page(pin, 0);
    },
    open(scope, token) {
      const [, id = "", offset = ""] = /^([\w-]{22})\.(\d{1,9})$/.exec(token) ?? [];
      const pin = pins.get(id);
      if (pin === undefined || pin.untilMs <= clock.monotonic())
        throw new PageExpiredError("the snapshot of this page token is gone; start over");
      if (!sameSession(pin.scope, scope) || pin.scope.request !== scope.request || Number(offset) >= pin.items.length) {
        throw invalidArgument("the page token belongs to another request");
      }
      return page(pin, Number(offset));
    },
    get size() {
      return pins.size;
    },
  };
}

function sameSession(a: PinScope, b: PinScope): boolean {
  return a.tenant === b.tenant && a.sessionId === b.sessionId;
}
