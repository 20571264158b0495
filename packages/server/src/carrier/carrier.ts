/** What every carrier is made of. */
import type { RequestLimits } from "../service/server-info.ts";
import type { CallContext } from "./failure.ts";
import type { InFlight } from "./in-flight.ts";
import type { ServedService } from "./methods.ts";
import type { RpcObserver } from "./rpc-observer.ts";

/** What a carrier serves, and within what. */
export interface CarrierOptions extends CallContext {
  readonly services: readonly ServedService[];
  readonly limits: RequestLimits;
  /** Shared by the carriers. */
  readonly inFlight: InFlight;
  /** A connection is pinged so often, and closed when it is silent for as long again. */
  readonly keepaliveMs: number;
  /** Told of every call; nobody when left out. */
  readonly rpcObserver?: RpcObserver | undefined;
}
