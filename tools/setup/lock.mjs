// Two set-ups of one checkout at once would take each other's files away: the second waits for the first.
import { readFileSync, rmSync, writeFileSync } from "node:fs";

const POLL_MS = 200;

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

function holder(path) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return undefined; // it was given back meanwhile
  }
}

/** Waits until this process holds the lock; gives back what releases it. A lock whose holder is gone counts as free. */
export function holdLock(path) {
  let told = false;
  while (!take(path)) {
    const pid = holder(path);
    if (pid && !alive(pid)) rmSync(path, { force: true });
    else if (pid && !told) {
      told = true;
      console.log(`setup: waiting for the set-up that process ${pid} is doing`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
  const release = () => rmSync(path, { force: true });
  process.on("exit", release);
  return () => {
    process.off("exit", release);
    release();
  };
}
