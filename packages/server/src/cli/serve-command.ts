/** serve: from configuration to a clean stop. */
import { StoreUnavailableError } from "@session-bridge/core/internal";
import type { Command } from "commander";
import { SERVE_OPTIONS } from "../config/options.ts";
import { type ServeConfig, serveConfig } from "../config/serve-config.ts";
import { jsonLogger, type Logger } from "../logger.ts";
import { type RunningServer, type ServerOptions, startServer } from "../server.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandIo } from "./io.ts";
import { addOptions, sourcesOf } from "./options.ts";
import { serveTelemetry } from "./serve-telemetry.ts";

const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Adds `serve`. `ended` takes the exit code once the server has stopped. */
export function addServeCommand(program: Command, io: CommandIo, ended: (exitCode: number) => void): void {
  const command = addOptions(program.command("serve").description("serve sessions over gRPC and the direct protocol"), SERVE_OPTIONS);
  command.action(async () => {
    const sources = sourcesOf(command, SERVE_OPTIONS, io);
    const config = serveConfig(sources);
    if (sources.printConfig) io.print(`${JSON.stringify(config.printed)}\n`);
    else ended(await serve(config, io));
  });
}

/** Serves until a signal asks to stop. Rejects when the server cannot start. */
async function serve(config: ServeConfig, io: CommandIo): Promise<number> {
  const logger = jsonLogger(config.logLevel);
  logUncaught(logger);
  // From the very start, so that a stop which is asked for while the store opens is a clean one too.
  const asked = stopAsked();
  const telemetry = await serveTelemetry(config, io, logger);
  try {
    const persistence = await io.openStore(config.store);
    const server = await start(config, { persistence, logger, observer: telemetry?.observer, rpcObserver: telemetry?.rpc });
    telemetry?.follow(server);
    const { address, version } = server;
    const admin = telemetry?.adminAddress;
    const survives = config.writeBehind ? "stop" : (persistence?.capabilities.survives ?? "nothing");
    logger.info({ address, admin, version, store: config.store.kind, survives }, "serving");
    warnIfOpen(address, "listening beyond this machine without authentication", logger);
    warnIfOpen(admin, "admin pages are served beyond this machine without authentication", logger);
    io.print(`${JSON.stringify({ ready: true, address, version, admin })}\n`);
    const signal = await asked;
    logger.info({ signal }, "stopping");
    await server.stop({ graceMs: config.drainMs });
    logger.info("stopped");
    return EXIT.ok;
  } finally {
    await telemetry?.close();
  }
}

async function start(config: ServeConfig, parts: ServerOptions): Promise<RunningServer> {
  const { listen, writeBehind, limits, requestLimits, look } = config;
  try {
    return await startServer({ listen, writeBehind, limits, requestLimits, look, ...parts });
  } catch (error) {
    if (error instanceof Error && "syscall" in error) throw new Error(`cannot listen on ${listen}: ${error.message}`, { cause: error });
    if (error instanceof StoreUnavailableError && config.store.kind === "sqlite") {
      throw new Error(`--store sqlite:${config.store.file}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** The first signal asks to stop, the second ends the process at once. */
function stopAsked(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of STOP_SIGNALS) {
      process.on(signal, () => {
        if (asked) process.exit(EXIT.interrupted);
        asked = true;
        resolve(signal);
      });
    }
  });
}

/** There is no authentication: whoever reaches the port does and sees everything there. */
function warnIfOpen(address: string | undefined, warning: string, logger: Logger): void {
  if (address !== undefined && !/^(?:127\.|\[::1\]|unix:)/.test(address)) logger.warn({ address }, warning);
}

/** An error nobody caught leaves the process in an unknown state: it is logged and the process ends. */
function logUncaught(logger: Logger): void {
  const die = (error: unknown): void => {
    logger.fatal({ err: error }, "uncaught error");
    process.exit(EXIT.failure);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
}
