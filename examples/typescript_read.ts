/** Reads every variable of a session: node examples/typescript_read.ts [ADDRESS] [SESSION] (Node 22.18 or later). */
import { connect } from "@session-bridge/client";

const [address = "localhost:50051", id = "test-2"] = process.argv.slice(2);
const bridge = connect(address);
try {
  const session = bridge.session(id);
  for (const [name, value] of await session.getAll()) console.log(name, "=", value);
  await session.increment("calls");
  console.log("one more call makes", await session.get("calls"));
} finally {
  await bridge.close();
}
