/** sessions list, show, delete, fork. */
import { type Command, Option } from "commander";
import { type AddCommand, collected, labelOption, labelsOf, prefixOf, prefixOption, printLine, revisionOf, ttlOf } from "./asking.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandIo } from "./io.ts";

/** Adds `sessions` and what is below it. */
export function addSessionCommands(program: Command, io: CommandIo, add: AddCommand): void {
  const sessions = program.command("sessions").description("look at, copy and delete sessions");

  add(sessions, "list", "print what is known of the sessions, one JSON line each", (command) => async (port, call) => {
    const filter = { prefix: prefixOf(command), labels: labelsOf(command) };
    let after: string | undefined;
    do {
      const page = await port.listSessions(filter, after === undefined ? {} : { after }, call);
      for (const session of page.sessions) printLine(io, session);
      after = page.next;
    } while (after !== undefined);
    return EXIT.ok;
  })
    .addOption(prefixOption())
    .addOption(labelOption());

  add(sessions, "show <session>", "print what is known of a session", (command) => async (port, call) => {
    printLine(io, await port.getSession(command.args[0] ?? "", call));
    return EXIT.ok;
  });

  add(sessions, "delete <session>", "delete a session and all of its variables", (command) => async (port, call) => {
    const { deleted } = await port.deleteSession(command.args[0] ?? "", call);
    printLine(io, { deleted });
    return deleted ? EXIT.ok : EXIT.notFound;
  });

  add(
    sessions,
    "fork <session> [copy]",
    "copy a session as it is now: its variables with their deadlines and its declarations, not its history and checkpoints",
    (command) => async (port, call) => {
      const [session = "", id] = command.args;
      const { atRevision, ttl, label } = command.opts<{ atRevision?: string; ttl?: string; label?: readonly string[] }>();
      const fork = {
        id,
        ttl: ttl === undefined ? undefined : ttlOf(ttl),
        labels: label === undefined ? undefined : labelsOf(command),
        atRevision: revisionOf("--at-revision", atRevision),
      };
      printLine(io, await port.forkSession(session, fork, call));
      return EXIT.ok;
    },
  )
    .addOption(new Option("--at-revision <revision>", "as it was at this revision, as far as its history reaches"))
    .addOption(new Option("--ttl <seconds|never>", "how long the copy lives unused; left out, as the session"))
    .addOption(
      new Option("--label <key=value>", "a label of the copy in place of those of the session; may be given again").argParser(collected),
    );
}
