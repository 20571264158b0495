/** Placeholder replaced by the engine's author within the hour: the agreed surface. */
import type { Clock, Random } from "./clock.ts";
import type { Limits } from "./limits.ts";
import type { SessionObserver } from "./observer.ts";
import type { SessionPersistence } from "./persistence.ts";
import type { SessionPort } from "./session-port.ts";

/** What an engine is made of; everything has a default. */
export interface EngineOptions {
  /** Memory only when left out. */
  readonly persistence?: SessionPersistence | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly observer?: SessionObserver | undefined;
}

/** The sessions of one store, behind one port per tenant. */
export interface SessionEngine {
  readonly limits: Limits;
  /** Opens the store; calls that come before it has ended wait for it. Rejects when the store cannot be opened. */
  open(): Promise<void>;
  port(tenant: string): SessionPort;
  /** False while the store fails; it turns true again without a restart. */
  readonly healthy: boolean;
  /** Waits for what is being committed, then closes the store. Later calls fail with BridgeClosedError. */
  close(): Promise<void>;
}
