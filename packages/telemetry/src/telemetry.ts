/** The telemetry of one process, put together: what core and the server tell, and everything that it becomes. */
import { type ObserverEvent, type SessionObserver, systemClock, systemRandom } from "@session-bridge/core/internal";
import { adminServer, type Pages, text } from "./admin-server.ts";
import { batches } from "./batches.ts";
import { callObserver, type EndedCall } from "./call-observer.ts";
import { engineMetrics } from "./engine-metrics.ts";
import { eventExport } from "./events/event-export.ts";
import { guard } from "./guard.ts";
import { type Meter, meter } from "./meter.ts";
import { METRICS } from "./metric-catalogue.ts";
import { showName } from "./names.ts";
import { checkTelemetryOptions, type TelemetryOptions } from "./options.ts";
import { pipeline } from "./pipeline.ts";
import { rpcMetrics } from "./rpc-metrics.ts";
import type { RpcObserver } from "./rpc-observer.ts";
import { spans } from "./spans.ts";
import { summaries } from "./summary/summaries.ts";
import type { Summary } from "./summary/summary.ts";

/** What an engine can say of itself at any moment. */
export interface EngineGauges {
  readonly sessionsInMemory?: number | undefined;
  /** What they are counted as against the memory budget, in bytes. */
  readonly memoryBytes?: number | undefined;
}

/** The telemetry of a process. What it is told costs a microsecond, and nothing of it throws into or waits for anything. */
export interface Telemetry {
  /** For the engine. */
  readonly observer: SessionObserver;
  /** For the server. */
  readonly rpc: RpcObserver;
  /** Where the admin pages are, as `host:port`; undefined when there are none. */
  readonly adminAddress: string | undefined;
  summary(): Summary;
  /** The metrics as a page for Prometheus. */
  prometheus(): Promise<string>;
  /** From now on, asks for these whenever metrics are read. */
  watch(read: () => EngineGauges): void;
  /** Delivers what waits, for at most 2 seconds, and stops everything. */
  close(): Promise<void>;
}

/** The default of `traceRatio`. */
const TRACE_RATIO = 0.1;

const PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

/** Starts telemetry. Rejects with InvalidArgumentError for options that cannot be right, and when the admin port cannot be had. */
export async function telemetry(options: TelemetryOptions = {}): Promise<Telemetry> {
  checkTelemetryOptions(options);
  const { names = "plain", namesKey, clock = systemClock, admin, events, ready = () => true, traceRatio = TRACE_RATIO } = options;
  const now = () => clock.now();
  const monotonic = () => clock.monotonic();
  const { fraction } = systemRandom;
  const show = showName(names, namesKey);
  const metrics = meter(options.serviceVersion ?? "", now);
  const errors = metrics.counter(METRICS.telemetryErrors);
  errors(0);
  const guarded = guard(() => errors(1));

  const summed = summaries({ mode: names, show, now, monotonic, seed: Math.floor(fraction() * 2 ** 32) });
  const count = guarded(engineMetrics(metrics, options.dbSystem));
  const sumUp = guarded(summed.observe);
  const waitingEvents = batches<ObserverEvent>((event) => {
    count(event);
    sumUp(event);
  });
  const countCall = guarded(rpcMetrics(metrics));
  const waitingCalls = batches<EndedCall>(({ method, outcome }) => countCall(method, outcome));
  const collect: Meter["collect"] = (collection) => {
    waitingEvents.flush();
    waitingCalls.flush();
    return metrics.collect(collection);
  };
  const summary = (): Summary => {
    waitingEvents.flush();
    return summed.summary();
  };

  const { tracer, prometheus, close } = await pipeline(options, { collect }, monotonic);
  const traced = tracer && spans({ tracer, clock, show, ratio: traceRatio, fraction });
  // What tells others of an event at once, and what counts it when there is time.
  const watchers: readonly ((event: ObserverEvent) => void)[] = [
    ...(traced ? [guarded(traced.observe)] : []),
    ...(events ? [guarded(eventExport(events, { meter: metrics, show, now, monotonic, fraction }))] : []),
    waitingEvents.add,
  ];

  const pages: Pages = {
    "/metrics": async () => ({ status: 200, contentType: PROMETHEUS_TEXT, body: await prometheus() }),
    "/summary": () => ({ status: 200, contentType: "application/json", body: `${JSON.stringify(summary())}\n` }),
    "/livez": () => text(200, "ok\n"),
    "/readyz": () => (ready() ? text(200, "ok\n") : text(503, "not ready\n")),
  };
  const server = admin && (await orClosed(adminServer(admin.host ?? "127.0.0.1", admin.port, pages), close));
  return {
    observer: {
      observe(event) {
        for (const observe of watchers) observe(event);
      },
    },
    rpc: callObserver({ methods: options.methods ?? [], traced, ended: waitingCalls.add, guarded }),
    adminAddress: server?.address,
    summary,
    prometheus,
    watch: watching(metrics),
    async close() {
      await server?.close();
      await close();
    },
  };
}

/** The gauges, and what to ask for them. */
function watching(metrics: Meter): Telemetry["watch"] {
  let gauges: () => EngineGauges = () => ({});
  metrics.gauge(METRICS.sessionsInMemory, () => gauges().sessionsInMemory);
  metrics.gauge(METRICS.sessionsMemory, () => gauges().memoryBytes);
  return (read) => {
    gauges = read;
  };
}

/** What was started; when that fails, everything else is closed. */
async function orClosed<T>(starting: Promise<T>, close: () => Promise<void>): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    await close();
    throw error;
  }
}
