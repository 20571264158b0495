/** Text read and written piece by piece; a file that is written has its name only once it is complete. */
import { randomBytes } from "node:crypto";
import { createReadStream, existsSync, rmSync } from "node:fs";
import { link, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Text that grows piece by piece. A write resolves when more can be taken. */
export interface TextSink {
  write(text: string): Promise<void>;
  /** Everything is written. */
  finish(): Promise<void>;
  /** Nothing of it is wanted. */
  abandon(): Promise<void>;
}

/** Text that is kept back before it is written. */
const BUFFERED_CHARACTERS = 65_536;

/** A sink that writes larger pieces than it is given. */
function bufferedSink(target: TextSink): TextSink {
  let buffered: string[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    const text = buffered.join("");
    buffered = [];
    size = 0;
    if (text !== "") await target.write(text);
  };
  return {
    async write(text) {
      buffered.push(text);
      size += text.length;
      if (size >= BUFFERED_CHARACTERS) await flush();
    },
    async finish() {
      await flush();
      await target.finish();
    },
    abandon: () => target.abandon(),
  };
}

/** A stream that stays open. */
export function streamSink(stream: NodeJS.WritableStream): TextSink {
  const write = (text: string): Promise<void> =>
    new Promise((done, failed) => {
      stream.write(text, (error?: Error | null) => (error ? failed(error) : done()));
    });
  return bufferedSink({ write, finish: async () => {}, abandon: async () => {} });
}

/** The bytes of a file, which is opened when they are first asked for. */
export async function* fileChunks(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file);
}

/**
 * A new file for this user alone. It grows beside its name, and gets it on `finish`, when all of it is on the disk; what an end of the process
 * leaves is removed with it. Without `force` no file is ever replaced: rejects when there is one.
 */
export async function fileSink(given: string, force: boolean): Promise<TextSink> {
  const file = resolve(given);
  if (!force && existsSync(file)) throw exists(given);
  const partial = `${file}.${randomBytes(4).toString("hex")}.partial`;
  const handle = await open(partial, "wx", 0o600);
  const removed = (): void => rmSync(partial, { force: true });
  process.once("exit", removed);
  const done = async (): Promise<void> => {
    await rm(partial, { force: true });
    process.off("exit", removed);
  };
  return bufferedSink({
    write: async (text) => handle.appendFile(text),
    async finish() {
      await handle.sync();
      await handle.close();
      await (force ? rename(partial, file) : named(partial, file, given));
      await done();
      await syncDirectory(dirname(file));
    },
    async abandon() {
      await handle.close();
      await done();
    },
  });
}

/** A rename would replace a file that somebody made in this moment; a link never does. */
async function named(partial: string, file: string, given: string): Promise<void> {
  try {
    await link(partial, file);
  } catch (error) {
    // Not every file system has links.
    if ((error as NodeJS.ErrnoException).code === "EEXIST" || existsSync(file)) throw exists(given);
    await rename(partial, file);
  }
}

/** Windows opens no directories; there the name is on the disk with the file. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const exists = (file: string): Error => new Error(`${file} exists; --force replaces it`);
