/** A small variable of a large session, read after a restart: the large ones stay where they are. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Caller, caller, stringValue } from "./grpc-caller.ts";
import { decimals, spread, spreadText, type Table } from "./report.ts";
import { readBytes, serverProcess } from "./server-process.ts";

const ROUNDS = 9;
const WARM_UP = 200;
const LARGE_VALUES = 15;
const LARGE_BYTES = 1024 * 1024 - 16;
const SMALL = stringValue("small");
/** Sessions with the small variable, and with the large ones beside it. */
const SESSIONS = ["alone", "beside"] as const;

interface Read {
  readonly ms: number;
  readonly bytes: number;
}

/** Writes both sessions, then reads the small variable of each from a server that has just started. */
export async function large({ directory }: { readonly directory: string }): Promise<Table> {
  const args = ["--store", `sqlite:${join(directory, "large.db")}`];
  await withServer(args, async (client) => {
    for (const session of SESSIONS) await client.set(session, "small", SMALL);
    for (let i = 0; i < LARGE_VALUES; i++) {
      // As a value: bytes that nothing compresses.
      const value = Buffer.concat([Buffer.of(0xc6, 0, 0, 0, 0), randomBytes(LARGE_BYTES)]);
      value.writeUInt32BE(LARGE_BYTES, 1);
      await client.set("beside", `large-${i}`, value);
    }
  });
  const found: Readonly<Record<(typeof SESSIONS)[number], Read[]>> = { alone: [], beside: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const session of round % 2 === 0 ? SESSIONS : SESSIONS.toReversed()) {
      await withServer(args, async (client, pid) => {
        // Refused before anybody looks into the file: the connection and the code are warm, and nothing else.
        for (let i = 0; i < WARM_UP; i++) await client.get("", "small").catch(() => {});
        found[session].push(await read(client, pid, session));
      });
    }
  }
  const of = (session: (typeof SESSIONS)[number], figure: keyof Read) => spread(found[session].map((each) => each[figure]));
  const ratio = (figure: keyof Read) => of("beside", figure).median / of("alone", figure).median;
  const row = (name: string, session: (typeof SESSIONS)[number]) => [
    name,
    spreadText(of(session, "ms"), decimals(2)),
    spreadText(of(session, "bytes"), (bytes) => decimals(1)(bytes / 1024)),
  ];
  return {
    title: "A small variable of a session of 16 MiB",
    method: [
      `The first read of a variable of five letters by a server that has just started, ${ROUNDS} times: of a session that has nothing else, and of`,
      `one that has ${LARGE_VALUES} values of 1 MiB besides. Kibibytes are what the server read by system calls, the request included.`,
    ].join("\n"),
    columns: ["session", "read, ms", "KiB read"],
    rows: [
      row("only the small variable", "alone"),
      row("the large ones beside it", "beside"),
      ["ratio", ratio("ms").toFixed(2), ratio("bytes").toFixed(2)],
    ],
    figures: { ...found, ratios: { ms: ratio("ms"), bytes: ratio("bytes") } },
  };
}

async function read(client: Caller, pid: number, session: string): Promise<Read> {
  const [begun, before] = [performance.now(), readBytes(pid)];
  const value = await client.get(session, "small");
  const ms = performance.now() - begun;
  if (value === undefined || !SMALL.every((byte, i) => byte === value[i]))
    throw new Error(`the small variable of ${session} is not what it was`);
  return { ms, bytes: readBytes(pid) - before };
}

async function withServer(args: readonly string[], use: (client: Caller, pid: number) => Promise<void>): Promise<void> {
  const server = await serverProcess(args);
  const client = caller(server.address);
  try {
    await use(client, server.pid);
  } finally {
    client.close();
    await server.stop();
  }
}
