/** A file whose making was cut off: the loss of power can leave one that only its rollback journal explains. */
import { closeSync, existsSync, openSync, readSync } from "node:fs";

/** Offsets of https://sqlite.org/fileformat2.html: 3 of a journal's header and its first page, 1.6 of a page's cells. */
const JOURNAL = { magic: "d9d505f920a163d7", headerBytes: 28, pagesBefore: 16, sectorBytes: 20 } as const;
const FIRST_PAGE = { number: 0, cells: 4 + 100 + 3, bytes: 4 + 100 + 5 } as const;

/**
 * Whether a transaction of an empty file never ended. There was nothing before it, so whoever opens the file for writing finds it empty;
 * a read-only connection cannot look at it at all.
 */
export function isUnfinished(file: string): boolean {
  const journal = `${file}-journal`;
  if (!existsSync(journal)) return false;
  const descriptor = openSync(journal, "r");
  const read = (length: number, at: number): Buffer | undefined => {
    const bytes = Buffer.alloc(length);
    return readSync(descriptor, bytes, 0, length, at) === length ? bytes : undefined;
  };
  try {
    const header = read(JOURNAL.headerBytes, 0);
    if (header?.toString("hex", 0, 8) !== JOURNAL.magic) return false;
    if (header.readUInt32BE(JOURNAL.pagesBefore) === 0) return true;
    // The first page as it was: without a table in it, the file had none.
    const page = read(FIRST_PAGE.bytes, header.readUInt32BE(JOURNAL.sectorBytes));
    return page?.readUInt32BE(FIRST_PAGE.number) === 1 && page.readUInt16BE(FIRST_PAGE.cells) === 0;
  } finally {
    closeSync(descriptor);
  }
}
