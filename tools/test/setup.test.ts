import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fakeCheckout } from "./fake-checkout.ts";

const FIRST = ["npm ci --ignore-scripts --no-audit --no-fund --loglevel=error", "python venv", "python pip", "python pip"];

test("the first run makes everything, never runs an install script, and says what it does", () => {
  using checkout = fakeCheckout();
  const run = checkout.setup();
  expect(run).toMatchObject({ status: 0, text: expect.stringMatching(/node_modules.*…[\s\S]*\.venv.*…[\s\S]*ready/) });
  expect(checkout.asked()).toEqual(FIRST);
});

test("a second run repeats nothing and prints nothing", () => {
  using checkout = fakeCheckout();
  checkout.setup();
  expect(checkout.setup()).toEqual({ status: 0, text: "" });
  expect(checkout.asked()).toEqual(FIRST);
});

test("a changed lock file repeats the one step that is made from it", () => {
  using checkout = fakeCheckout();
  checkout.setup();
  checkout.write("package-lock.json", "{ }");
  checkout.setup();
  checkout.write("clients/python/requirements.lock", "# changed");
  checkout.setup();
  expect(checkout.asked().slice(FIRST.length)).toEqual([FIRST[0], "python venv", "python pip", "python pip"]);
});

test("a changed script in a package.json installs nothing again, a changed dependency does", () => {
  using checkout = fakeCheckout();
  checkout.setup();
  checkout.write("package.json", '{"scripts":{"new":"one"}}');
  expect(checkout.setup().text).toBe("");
  checkout.write("packages/one/package.json", '{"dependencies":{"new":"1"}}');
  expect(checkout.setup().text).toContain("node_modules");
});

test("a virtual environment whose Python is gone is made anew", () => {
  using checkout = fakeCheckout();
  checkout.setup();
  checkout.write(".venv/bin/python", "#!/nowhere/python\n");
  expect(checkout.setup().text).toContain(".venv");
});

test("an interrupted step leaves no stamp and runs again", () => {
  using checkout = fakeCheckout();
  checkout.write("fake/npm-cli.cjs", 'if (process.argv[2] === "--version") console.log("11.0.0"); else process.exit(7);');
  expect(checkout.setup()).toMatchObject({ status: 1, text: expect.stringContaining("exit code 7") });
  checkout.write("node_modules/.bin/keep", "");
  expect(checkout.setup().status).toBe(1);
});

test.each([
  ["a Python without venv", { FAKE_PYTHON: "3 11 bare" }, /python3 is 3\.11 and has no venv module .*apt install python3\.11-venv/],
  ["a Python that is too old", { FAKE_PYTHON: "3 9 venv" }, /needs Python 3\.11 or later .*python3 is 3\.9, too old/],
  ["a PYTHON that does not run", { PYTHON: "/nowhere/python" }, /\/nowhere\/python: none runs/],
  ["an npm that is too old", { FAKE_NPM_VERSION: "9.8.1" }, /needs npm 10 or later; this is 9\.8\.1.*npm@11/],
  ["no npm", { npm_execpath: "/nowhere/npm" }, /needs npm 10 or later, and found none/],
])("%s is named, with what to do, before anything is installed", (_what, environment, message) => {
  using checkout = fakeCheckout();
  expect(checkout.setup([], environment)).toMatchObject({ status: 1, text: expect.stringMatching(message) });
  expect(checkout.asked()).toEqual([]);
});

test("an unknown argument is refused by name", () => {
  using checkout = fakeCheckout();
  expect(checkout.setup(["matricks"])).toMatchObject({ status: 1, text: expect.stringContaining('"matricks"') });
});

test("what follows -- runs on the checkout's own node, and its exit code is set-up's", () => {
  using checkout = fakeCheckout();
  const run = checkout.setup(["--", "node", "-e", "console.log(process.argv0); process.exit(3)"]);
  expect(run).toMatchObject({ status: 3, text: expect.stringMatching(/node\n$/) });
});

test("two set-ups at once: each ends well and every step is made once", async () => {
  using checkout = fakeCheckout();
  const runs = await Promise.all([checkout.setupLater(), checkout.setupLater()]);
  expect(runs.map((run) => run.status)).toEqual([0, 0]);
  expect(checkout.asked()).toEqual(FIRST);
});

test("a lock whose holder is gone does not stop anybody", () => {
  using checkout = fakeCheckout();
  writeFileSync(join(checkout.root, ".setup.lock"), "999999999");
  expect(checkout.setup().status).toBe(0);
});
