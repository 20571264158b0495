/** export: sessions of a running server as lines of JSON. */
import type { CallOptions } from "@session-bridge/core/internal";
import type { Command } from "commander";
import { CLIENT_OPTIONS } from "../config/options.ts";
import { askServer, labelOption, labelsOf, prefixOf, prefixOption } from "./asking.ts";
import { countShown } from "./count-shown.ts";
import { EXIT } from "./exit-code.ts";
import { type ExportRecord, headerRecord, lineWriter } from "./export-format.ts";
import { type ExportedSession, exportedSessions } from "./export-session.ts";

import type { CommandIo, RemotePort } from "./io.ts";
import { addOptions } from "./options.ts";
import type { TextSink } from "./text-files.ts";

/** Adds `export`. `ended` takes the exit code. */
export function addExportCommand(program: Command, io: CommandIo, ended: (exitCode: number) => void): void {
  const command = program
    .command("export [file]")
    .description("write sessions of a running server to a file, or to standard output; exit code 1 when some of it is damaged")
    .addOption(prefixOption())
    .addOption(labelOption())
    .option("--force", "replace the file if there is one");
  addOptions(command, CLIENT_OPTIONS).action(async () => {
    const filter = { prefix: prefixOf(command), labels: labelsOf(command) };
    ended(await askServer(command, io, (port, call) => exportTo(command.args[0], command, { port, filter, call, io })));
  });
}

interface Export {
  readonly port: RemotePort;
  readonly filter: { readonly prefix: string; readonly labels: Readonly<Record<string, string>> };
  readonly call: CallOptions;
  readonly io: CommandIo;
}

async function exportTo(given: string | undefined, command: Command, what: Export): Promise<number> {
  const { io } = what;
  const file = given === "-" ? undefined : given;
  const { version } = await what.port.serverInfo(what.call);
  const sink = await io.openOutput(file, command.opts<{ force?: boolean }>().force === true);
  let counts: Counts;
  try {
    counts = await writeExport(sink, version, what);
    await sink.finish();
  } catch (error) {
    io.showProgress("");
    await sink.abandon();
    throw error;
  }
  io.showProgress("");
  if (file !== undefined) {
    const { sessions, variables, damaged_variables: damagedVariables, lost_sessions: lostSessions } = counts;
    io.print(`${JSON.stringify({ export: file, sessions, variables, damagedVariables, lostSessions })}\n`);
  }
  return counts.damaged_variables + counts.lost_sessions === 0 ? EXIT.ok : EXIT.failure;
}

interface Counts {
  sessions: number;
  variables: number;
  damaged_variables: number;
  lost_sessions: number;
}

async function writeExport(sink: TextSink, version: string, { port, filter, call, io }: Export): Promise<Counts> {
  const counts = { sessions: 0, variables: 0, damaged_variables: 0, lost_sessions: 0 };
  const lineOf = lineWriter();
  const show = countShown(io, "exported");
  await sink.write(lineOf(headerRecord({ server_version: version, exported_at_ms: Date.now(), ...filter })));
  for await (const session of exportedSessions(port, filter, call)) {
    for (const record of recordsOf(session)) await sink.write(lineOf(record));
    if ("lost" in session) {
      counts.lost_sessions += 1;
      io.complain(`session-bridge: session ${JSON.stringify(session.lost)} is not exported: ${session.why}\n`);
      continue;
    }
    for (const name of session.damaged)
      io.complain(
        `session-bridge: variable ${JSON.stringify(name)} of session ${JSON.stringify(session.info.id)} is damaged and not exported\n`,
      );
    counts.sessions += 1;
    counts.variables += session.variables.length;
    counts.damaged_variables += session.damaged.length;
    show(counts.sessions, counts.variables);
  }
  await sink.write(lineOf({ kind: "trailer", ...counts }));
  return counts;
}

function* recordsOf(session: ExportedSession): Generator<ExportRecord> {
  if ("lost" in session) {
    yield { kind: "lost_session", id: session.lost, why: session.why };
    return;
  }
  const { info, declarations, variables, damaged } = session;
  yield {
    kind: "session",
    id: info.id,
    labels: info.labels,
    ttl_ms: info.ttlMs ?? "never",
    expires_at_ms: info.expiresAtMs ?? null,
    ends_at_ms: info.endsAtMs ?? null,
    created_at_ms: info.createdAtMs,
    accessed_at_ms: info.accessedAtMs,
    revision: info.revision,
    history_entries: info.historyEntries ?? null,
    declarations: declarations.map(({ name, schema }) => ({ name, schema: base64(schema) })),
    variables: variables.length,
    damaged: [...damaged],
  };
  for (const { name, type, encoding, revision, createdAtMs, updatedAtMs, expiresAtMs, bytes } of variables) {
    yield {
      kind: "variable",
      name,
      type,
      encoding,
      revision,
      created_at_ms: createdAtMs,
      updated_at_ms: updatedAtMs,
      expires_at_ms: expiresAtMs ?? null,
      value: base64(bytes),
    };
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
