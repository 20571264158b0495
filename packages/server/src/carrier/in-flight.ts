/** How many requests a server works on at once, whatever carries them. */
import { LimitExceededError } from "@session-bridge/core/internal";
import type { Lookout } from "./lookout.ts";

/** The requests that are being answered. */
export interface InFlight {
  /** Counts one more. Throws LimitExceededError OVERLOADED when there are too many; it is counted all the same, until it has ended. */
  begin(): void;
  end(): void;
}

/** Counts to at most `most`, and tells when there is work and when there is none. */
export function inFlight(most: number, { busy, idle }: Lookout): InFlight {
  let count = 0;
  return {
    begin() {
      count += 1;
      if (count === 1) busy();
      if (count > most) throw overloaded(most);
    },
    end() {
      count -= 1;
      if (count === 0) idle();
    },
  };
}

const overloaded = (limit: number): LimitExceededError =>
  new LimitExceededError("OVERLOADED", "the server is answering as many requests as it can; try again", {
    details: { limit: "requestsInFlight", limitValue: limit, actual: limit + 1 },
  });
