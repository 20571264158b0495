// Where the checkout is, and how set-up starts programs in it.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const windows = process.platform === "win32";

/** The path of a program in one of the checkout's virtual environments. */
export const bin = (venv, name) => join(root, venv, windows ? `Scripts/${name}.exe` : `bin/${name}`);

/** Ends set-up with a message for people. */
export function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

/** Runs a program with this terminal; `failed` gets the exit code when it is not 0, and ends set-up unless it is given. */
export function run(command, args, options = {}, failed = undefined) {
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit", shell: windows && command.endsWith(".cmd"), ...options });
  if (done.status === 0) return;
  const why = done.error?.message ?? (done.signal ? `ended by ${done.signal}` : `exit code ${done.status}`);
  if (failed === undefined || done.error) fail(`"${command} ${args.join(" ")}" failed (${why})`);
  failed(done.status ?? 1);
}

/** What a program prints, undefined when it does not run or fails. */
export function output(command, args) {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8", shell: windows && command.endsWith(".cmd") });
  return done.status === 0 ? done.stdout.trim() : undefined;
}

/** Whether a Python still runs; the one that a virtual environment was made from may be gone. */
export const runs = (python) => output(python, ["-c", ""]) !== undefined;
