// What the machine brings: Node, npm and Python. What is missing is said plainly, with what to do about it.
import { fail, output, windows } from "./process.mjs";

const OLDEST_NPM = 10;
const OLDEST_PYTHON = 11; // 3.11

/** Fails unless the Node that runs set-up is at least `oldest` ("major" or "major.minor"). */
export function checkNode(oldest, why) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [wantMajor, wantMinor = 0] = oldest.split(".").map(Number);
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  fail(`needs Node ${oldest} or later (${why}); this is ${process.version}, ${process.execPath}`);
}

/** How to start the npm that started set-up, or else the one on the PATH. Fails when it is too old for the lock file. */
export function findNpm() {
  const { npm_execpath: path, npm_config_user_agent: agent = "" } = process.env;
  const own = path !== undefined && /^npm\//.test(agent);
  const npm = own ? { command: process.execPath, args: [path] } : { command: windows ? "npm.cmd" : "npm", args: [] };
  const version = output(npm.command, [...npm.args, "--version"]);
  if (version === undefined) fail(`needs npm ${OLDEST_NPM} or later, and found none; it comes with Node (https://nodejs.org)`);
  if (Number(version.split(".")[0]) < OLDEST_NPM)
    fail(`needs npm ${OLDEST_NPM} or later; this is ${version}. "npm install --global npm@11" brings a newer one`);
  return npm;
}

const PROBE = `import sys
try:
    import ensurepip, venv
    ready = "venv"
except ImportError:
    ready = "bare"
print(sys.version_info[0], sys.version_info[1], ready, sys.executable)`;

/** A Python that can make virtual environments: PYTHON if it is set, else the first on the PATH that is new enough. */
export function findPython() {
  const chosen = process.env.PYTHON;
  const names = chosen ? [chosen] : ["python3", "python3.13", "python3.12", "python3.11", "python"];
  const seen = [];
  for (const name of names) {
    const answer = output(name, ["-c", PROBE]);
    if (answer === undefined) continue;
    const [major, minor, ready, ...path] = answer.split(" ");
    const newEnough = Number(major) === 3 && Number(minor) >= OLDEST_PYTHON;
    if (newEnough && ready === "venv") return { path: path.join(" "), version: `${major}.${minor}` };
    const bare = `has no venv module (Debian, Ubuntu: apt install python${major}.${minor}-venv)`;
    seen.push(`${name} is ${major}.${minor}${newEnough ? ` and ${bare}` : ", too old"}`);
  }
  const found = seen.length > 0 ? seen.join("; ") : `${names.join(", ")}: none runs`;
  return fail(`needs Python 3.${OLDEST_PYTHON} or later with its venv module: ${found}. PYTHON=/path/to/python3 chooses another`);
}
