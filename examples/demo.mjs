// The main job, step by step: `npm run demo`. A server on SQLite, two Python programs and a TypeScript program share one session's
// variables, and the server is stopped and started again in between. Everything lives in a temporary folder that is removed at the end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const python = join(root, ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
const command = join(root, "packages/server/bin/session-bridge.js");
const folder = mkdtempSync(join(tmpdir(), "session-bridge-demo-"));
const SESSION = "test-2";
let step = 0;
let server;

const say = (text) => console.log(`\n${++step}. ${text}`);
const show = (text) => console.log(text.trimEnd().replace(/^/gm, "     "));

/** Starts the real server as a process of its own; gives its address once it is ready to serve. */
async function startServer() {
  const store = `sqlite:${join(folder, "sessions.db")}`;
  server = spawn(process.execPath, [command, "serve", "--listen", "127.0.0.1:0", "--store", store], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  server.stderr.on("data", (chunk) => {
    log += chunk;
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const { address, version } = JSON.parse(line);
    show(`session-bridge ${version} serves ${address}, process ${server.pid}`);
    return address;
  }
  throw new Error(`the server did not start:\n${log}`);
}

async function stopServer() {
  const ended = once(server, "exit");
  server.kill("SIGTERM");
  const [code] = await ended;
  show(`process ${server.pid} has ended with exit code ${code}`);
  if (code !== 0) throw new Error("the server did not stop cleanly");
}

/** Runs a program in a process of its own and shows what it prints. */
async function run(program, ...args) {
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  let text = "";
  child.stdout.setEncoding("utf8");
  for await (const chunk of child.stdout) text += chunk;
  const [code] = await closed;
  show(text);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with exit code ${code}`);
}

try {
  console.log("session-bridge: variables of a session, shared by processes and languages, and kept");
  say("Start the server on an empty SQLite file.");
  const first = await startServer();

  say("A Python program writes a session (examples/python_write.py).");
  await run(python, join(root, "examples/python_write.py"), first, SESSION);

  say("Stop the server. The Python process is gone already: only the file is left.");
  await stopServer();

  say("Start a new server on the same file.");
  const second = await startServer();

  say("Another Python process reads what the first one wrote (examples/python_read.py).");
  await run(python, join(root, "examples/python_read.py"), second, SESSION);

  say("A TypeScript program reads the same session, and counts on (examples/typescript_read.ts).");
  await run(process.execPath, "--disable-warning=ExperimentalWarning", join(root, "examples/typescript_read.ts"), second, SESSION);

  say("The command line sees what TypeScript did: session-bridge get test-2 calls.");
  await run(process.execPath, command, "get", SESSION, "calls", "--address", second);

  say("Stop the server and clean up.");
  await stopServer();
  console.log("\nEverything survived. README.md has the first five lines of your own program.");
} finally {
  if (server?.exitCode === null && server.signalCode === null) server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
