import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { startServer } from "@session-bridge/server";
import { expect, test } from "vitest";
import { CARRIERS } from "./support/carriers.ts";
import { later } from "./support/scope.ts";

const PROGRAM = `
import { registerHooks } from "node:module";
let sought = 0;
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith("@opentelemetry/")) return next(specifier, context);
    sought += 1;
    throw Object.assign(new Error("Cannot find package"), { code: "MODULE_NOT_FOUND" });
  },
});
const { connect } = await import(process.argv[1]);
for (const id of ["one", "two"]) {
  const bridge = connect(process.argv[2], { carrier: process.argv[3] });
  const session = bridge.session(id);
  await session.set("x", { a: [1, 2] });
  console.log(JSON.stringify(await session.get("x")));
  await bridge.close();
}
console.log(sought);
`;

test.each(CARRIERS)("without OpenTelemetry everything works over %s, and it is sought once", async (carrier) => {
  const server = await startServer({ listen: "127.0.0.1:0" });
  later(() => server.stop({ graceMs: 0 }));
  const given = ["--conditions=@session-bridge/source", "--no-warnings", "--input-type=module", "--eval", PROGRAM];
  const index = new URL("../src/index.ts", import.meta.url).href;
  const { stdout } = await promisify(execFile)(process.execPath, [...given, index, server.address, carrier]);
  expect(stdout.trim().split("\n")).toEqual(['{"a":[1,2]}', '{"a":[1,2]}', "1"]);
});
