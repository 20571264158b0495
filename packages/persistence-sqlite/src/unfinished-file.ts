/** A file whose making was cut off: the loss of power can leave one that only its rollback journal explains. */
import { closeSync, existsSync, openSync, readSync } from "node:fs";

const JOURNAL_MAGIC = "d9d505f920a163d7";
const HEADER_BYTES = 28;
/** Where the journal says how many pages the database had before: https://sqlite.org/fileformat2.html, 3. */
const PAGES_BEFORE_AT = 16;

/**
 * Whether the file's first transaction never ended. There was nothing before it, so whoever opens the file for writing finds it empty, and
 * a read-only connection cannot look at it at all.
 */
export function isUnfinished(file: string): boolean {
  const journal = `${file}-journal`;
  if (!existsSync(journal)) return false;
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(journal, "r");
  try {
    if (readSync(descriptor, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return false;
  } finally {
    closeSync(descriptor);
  }
  return header.toString("hex", 0, 8) === JOURNAL_MAGIC && header.readUInt32BE(PAGES_BEFORE_AT) === 0;
}
