/** import: what an export has, written to a running server. */
import type { CallOptions } from "@session-bridge/core/internal";
import { type Command, Option } from "commander";
import { CLIENT_OPTIONS } from "../config/options.ts";
import { askServer } from "./asking.ts";
import { countShown } from "./count-shown.ts";
import { EXIT, exitCodeOf, problemText } from "./exit-code.ts";
import { type PieceBounds, readExport } from "./import-pieces.ts";
import { type ImportCounts, type OnConflict, pieceWriter } from "./import-session.ts";
import type { CommandIo, RemotePort } from "./io.ts";
import { addOptions } from "./options.ts";
import { withSession } from "./session-failure.ts";

/** The client's own bound of a message. */
const MESSAGE_BYTES = 4 * 1024 * 1024;
/** What an update takes in a message beside its operations: the session's id, the request's identity. */
const ENVELOPE_BYTES = 4_096;

/** Adds `import`. `ended` takes the exit code. */
export function addImportCommand(program: Command, io: CommandIo, ended: (exitCode: number) => void): void {
  const command = program
    .command("import [file]")
    .description("write the sessions of an export, from a file or standard input, to a running server")
    .addOption(
      new Option("--on-conflict <what>", "what becomes of a session that is there already")
        .choices(["fail", "skip", "replace"])
        .default("fail"),
    );
  addOptions(command, CLIENT_OPTIONS).action(async () => {
    const file = command.args[0] === "-" ? undefined : command.args[0];
    const { onConflict } = command.opts<{ onConflict: OnConflict }>();
    ended(await askServer(command, io, (port, call) => importFrom(io.openInput(file), port, onConflict, call, io)));
  });
}

async function importFrom(
  input: AsyncIterable<Uint8Array>,
  port: RemotePort,
  onConflict: OnConflict,
  call: CallOptions,
  io: CommandIo,
): Promise<number> {
  const { limits } = await port.serverInfo(call);
  const counts: ImportCounts = {
    sessions: 0,
    variables: 0,
    skippedSessions: 0,
    replacedSessions: 0,
    expiredSessions: 0,
    expiredVariables: 0,
  };
  const found = { incompleteSessions: 0, lostSessions: 0 };
  const write = pieceWriter(port, onConflict, counts, call);
  const show = countShown(io, "imported");
  try {
    for await (const step of readExport(input, boundsOf(limits))) {
      if (step.kind === "lost_session") {
        found.lostSessions += 1;
        io.complain(`session-bridge: session ${JSON.stringify(step.id)} was not exported: ${step.why}\n`);
        continue;
      }
      if (step.first && step.session.damaged.length > 0) {
        found.incompleteSessions += 1;
        const names = step.session.damaged.map((name) => JSON.stringify(name)).join(", ");
        io.complain(`session-bridge: session ${JSON.stringify(step.session.id)} was exported without its damaged variables ${names}\n`);
      }
      await withSession(`line ${step.line}: session ${JSON.stringify(step.session.id)}`, () => write(step));
      show(counts.sessions, counts.variables);
    }
  } catch (error) {
    io.showProgress("");
    io.complain(problemText(error));
    io.complain(`session-bridge: imported before that: ${JSON.stringify(counts)}\n`);
    return exitCodeOf(error);
  }
  io.showProgress("");
  io.print(`${JSON.stringify({ ...counts, ...found })}\n`);
  return EXIT.ok;
}

/** One operation is left to the marker of a session that takes several updates. */
function boundsOf(limits: Readonly<Record<string, number>>): PieceBounds {
  const { operationsPerUpdate = 1000, messageBytes = MESSAGE_BYTES } = limits;
  return { operations: Math.max(1, operationsPerUpdate - 1), bytes: Math.min(messageBytes, MESSAGE_BYTES) - ENVELOPE_BYTES };
}
