/** stats: what the admin pages of a server say of its sessions, for a person. */
import { ServerUnavailableError } from "@session-bridge/core/internal";
import type { Command } from "commander";
import { STATS_OPTIONS } from "../config/options.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandIo } from "./io.ts";
import { addOptions, resolvedOrPrinted } from "./options.ts";

/** Adds `stats`. `ended` takes the exit code. */
export function addStatsCommand(program: Command, io: CommandIo, ended: (exitCode: number) => void): void {
  const command = addOptions(
    program.command("stats").description("print a summary of what sessions do; the server has to run with --admin"),
    STATS_OPTIONS,
  ).option("--json", "print the summary as JSON");
  command.action(async () => {
    const options = resolvedOrPrinted(command, STATS_OPTIONS, io);
    if (options === undefined) return;
    const text = await summaryText(io, options.admin, options.timeout * 1000);
    io.print(command.opts<{ readonly json?: boolean }>().json ? `${text.trim()}\n` : await io.formatSummary(JSON.parse(text)));
    ended(EXIT.ok);
  });
}

/** The summary as JSON. Rejects with ServerUnavailableError when there is none. */
async function summaryText(io: CommandIo, admin: string, timeoutMs: number): Promise<string> {
  const url = `http://${admin}/summary`;
  const nobody = `no session-bridge admin pages at http://${admin}; start the server with --admin ${admin}, or say where they are: --admin host:port`;
  const page = await io.fetchPage(url, timeoutMs).catch((cause: unknown) => {
    throw new ServerUnavailableError("UNREACHABLE", nobody, { cause });
  });
  if (page.status !== 200 || !isSummary(page.text)) throw new ServerUnavailableError("UNREACHABLE", nobody);
  return page.text;
}

/** Whether this is a summary, as far as can be told from outside. */
function isSummary(text: string): boolean {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && "startedAtMs" in found && "operations" in found;
  } catch {
    return false;
  }
}
