/** check, backup and restore: what is done with the file of a store, without a server or beside the one that has it. */
import type { Command } from "commander";
import { STORE_OPTIONS } from "../config/options.ts";
import { EXIT } from "./exit-code.ts";
import type { CommandIo, OnProgress } from "./io.ts";
import { addOptions, resolvedOrPrinted } from "./options.ts";

/** Adds `check`, `backup` and `restore`. `ended` takes the exit code. */
export function addStoreCommands(program: Command, io: CommandIo, ended: (exitCode: number) => void): void {
  const add = (usage: string, description: string, work: (file: string, command: Command) => Promise<number>): void => {
    const command = addOptions(program.command(usage).description(description), STORE_OPTIONS);
    command.action(async () => {
      const options = resolvedOrPrinted(command, STORE_OPTIONS, io);
      if (options === undefined) return;
      const file = options.store.slice("sqlite:".length);
      try {
        ended(await work(file, command));
      } catch (error) {
        io.showProgress("");
        throw new Error(`--store ${options.store}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    });
  };
  const answer = (document: object): void => {
    io.showProgress("");
    io.print(`${JSON.stringify(document)}\n`);
  };

  add("check", "check a store and print what was found as JSON; exit code 1 when something is damaged", async (file) => {
    const report = await io.checkStore(file, shown(io, "checked", "sessions"));
    answer(report);
    return report.ok ? EXIT.ok : EXIT.failure;
  });

  add("backup <file>", "copy a store as it is at this moment to a new file", async (file, command) => {
    answer(await io.backupStore(file, command.args[0] ?? "", shown(io, "copied", "pages")));
    return EXIT.ok;
  });

  add("restore <file>", "make a store that is not there yet from a backup of one, after a check of it", async (file, command) => {
    const backup = command.args[0] ?? "";
    const report = await io.checkStore(backup, shown(io, "checked", "sessions"));
    if (!report.ok) {
      answer(report);
      return EXIT.failure;
    }
    answer({ ...(await io.backupStore(backup, file, shown(io, "copied", "pages"))), file, backup });
    return EXIT.ok;
  });
}

/** Progress as a line, told again only when its whole percent changes. */
function shown(io: CommandIo, verb: string, things: string): OnProgress {
  let last = -1;
  return (done, total) => {
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
    if (percent === last) return;
    last = percent;
    io.showProgress(`${verb} ${done} of ${total} ${things} (${percent} %)`);
  };
}
