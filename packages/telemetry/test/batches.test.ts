import { expect, test } from "vitest";
import { BATCH, batches } from "../src/batches.ts";
import { telemetry } from "../src/index.ts";
import { parsePage } from "./prometheus-page.ts";
import { event } from "./sample-events.ts";

test("no more than a batch waits, and everything is done once, in its order", () => {
  const done: number[] = [];
  const { add, flush } = batches((item: number) => void done.push(item));
  const items = Array.from({ length: 3 * BATCH + 7 }, (_, i) => i);
  for (const item of items) {
    add(item);
    expect(item + 1 - done.length).toBeLessThan(BATCH);
  }
  flush();
  flush();
  expect(done).toEqual(items);
});

test("whoever reads sees what was told before", async () => {
  const { observer, rpc, prometheus, summary, close } = await telemetry({ otlp: false });
  for (let n = 1; n <= 3; n++) {
    observer.observe(event("variable.set"));
    rpc.begin("m").end({ status: "OK", reason: "", durationMs: 1 });
    expect(summary().operations).toMatchObject({ set: { count: n } });
    const page = parsePage(await prometheus());
    expect(page.total("session_bridge_session_variable_operation_duration_count")).toBe(n);
    expect(page.total("rpc_server_call_duration_count")).toBe(n);
  }
  await close();
});
