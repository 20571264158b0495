/** Calls with an identity, and how clients send them again: too soon, late, and under an identity that stands for something else. */
import { REQUEST_MEMORY_MS } from "../../src/persistence.ts";
import type { RequestIdentity } from "../../src/session-port.ts";
import { encode } from "../../src/values/index.ts";
import type { Dice } from "./dice.ts";
import { text } from "./model.ts";
import type { Call } from "./workload.ts";

/** A call under an identity, as it was first sent. */
export interface FirstSending {
  readonly call: Call;
  readonly requestId: string;
  /** On the monotonic clock. */
  readonly sentAtMs: number;
}

/** One sending of a call. */
export interface Sending {
  readonly call: Call;
  readonly request: RequestIdentity | undefined;
}

/** All that was sent under an identity, the latest last. */
export interface Identities {
  readonly sent: readonly FirstSending[];
  /** A call that is sent for the first time; some, and all that change nothing, have no identity. */
  first(call: Call): Sending;
  /** The same call again; now and then another one under its identity. */
  again(before: FirstSending, fresh: () => number): Sending;
}

/** Younger than this, a call is sometimes sent again without saying so, as a proxy would. */
const YOUNG_MS = REQUEST_MEMORY_MS / 2;

const isChange = ({ kind }: Call): boolean => kind === "update" || kind === "create" || kind === "delete" || kind === "fork";

/** A hash of what is asked (FNV-1a, twice). */
function digestOf(call: Call): Uint8Array {
  const hashes = Uint32Array.of(0x811c9dc5, 0x01000193);
  for (const character of text(call)) {
    for (let i = 0; i < hashes.length; i++)
      hashes[i] = Math.imul((hashes[i] as number) ^ (character.codePointAt(0) as number), 0x01000193 + 2 * i);
  }
  return new Uint8Array(hashes.buffer);
}

export function identities(dice: Dice, monotonicMs: () => number): Identities {
  const sent: FirstSending[] = [];
  return {
    sent,
    first(call) {
      if (!isChange(call) || dice.chance(0.2)) return { call, request: undefined };
      const requestId = `r${sent.length}`;
      sent.push({ call, requestId, sentAtMs: monotonicMs() });
      return { call, request: { id: requestId, digest: digestOf(call) } };
    },
    again(before, fresh) {
      const call = dice.chance(0.1) ? otherCall(before.call, fresh()) : before.call;
      const ageMs = monotonicMs() - before.sentAtMs;
      const resentAfterMs = ageMs > YOUNG_MS || dice.chance(0.8) ? ageMs : undefined;
      return { call, request: { id: before.requestId, digest: digestOf(call), resentAfterMs } };
    },
  };
}

/** Something else of the same session. */
const otherCall = (call: Call, value: number): Call => ({
  kind: "update",
  id: "id" in call ? call.id : "",
  update: { operations: [{ kind: "set", name: "x1", value: { bytes: encode(value), encoding: "" } }] },
});
