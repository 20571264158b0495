/** grpc.health.v1 over grpc-health-check, with watches that can be ended: an open stream would hold up the server's stop. */
import { createRequire } from "node:module";
import type { Server, ServerWritableStream, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { HealthImplementation } from "grpc-health-check";

// A CommonJS package without export names that Node could see.
const { HealthImplementation: Health }: { HealthImplementation: new () => HealthImplementation } = createRequire(import.meta.url)(
  "grpc-health-check",
);

type Watch = ServerWritableStream<{ readonly service: string }, { readonly status: string }>;

/** The health service of a server. */
export interface HealthService {
  /** Says the same of the server and of each of its services. */
  setServing(serving: boolean): void;
  /** Ends every watch, so that the server can stop. */
  endWatches(): void;
}

/** Adds the health service, NOT_SERVING at first. `services` are the full names it answers for, beside the server's own "". */
export function addHealthService(server: Server, services: readonly string[]): HealthService {
  const names = ["", ...services];
  const health = new Health();
  const watches = new Set<Watch>();
  health.addToServer({
    addService(definition: ServiceDefinition, handlers: UntypedServiceImplementation) {
      server.addService(definition, { ...handlers, watch: tracked(handlers.watch as (call: Watch) => void, names, watches) });
    },
  } as Server);
  const setServing = (serving: boolean): void => {
    for (const name of names) health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
  };
  setServing(false);
  return {
    setServing,
    endWatches() {
      for (const call of watches) call.end();
    },
  };
}

/** Remembers open watches. A name nobody serves gets its answer here: the library would remember each such name for ever. */
function tracked(watch: (call: Watch) => void, names: readonly string[], watches: Set<Watch>): (call: Watch) => void {
  return (call) => {
    watches.add(call);
    call.on("cancelled", () => watches.delete(call));
    if (names.includes(call.request.service)) watch(call);
    else call.write({ status: "SERVICE_UNKNOWN" });
  };
}
