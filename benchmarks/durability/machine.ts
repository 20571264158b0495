/** What the figures were measured on. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem, type } from "node:os";
import Database from "better-sqlite3";

/** The machine and the versions, by name. */
export function machine(directory: string): Readonly<Record<string, string>> {
  const db = new Database(":memory:");
  const sqlite = String(db.prepare("SELECT sqlite_version()").pluck().get());
  db.close();
  return {
    date: new Date().toISOString().slice(0, 10),
    system: `${type()} ${release()}`,
    processor: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    node: process.version,
    sqlite,
    "file system": fileSystemOf(directory),
  };
}

/** The kind of the file system that a directory is on, and of its device. */
function fileSystemOf(directory: string): string {
  try {
    const [, row = ""] = execFileSync("df", ["-PT", directory], { encoding: "utf8" }).split("\n");
    const [device, kind] = row.split(/\s+/);
    return `${kind} on ${device}`;
  } catch {
    return "unknown";
  }
}
