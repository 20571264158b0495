import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { adminServer, text } from "../src/admin-server.ts";
import { type Telemetry, type TelemetryOptions, telemetry } from "../src/index.ts";
import { parsePage } from "./prometheus-page.ts";
import { event } from "./sample-events.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function started(options: TelemetryOptions = {}): Promise<Telemetry & { url: string }> {
  const made = await telemetry({ otlp: false, admin: { port: 0 }, ...options });
  open.push(made);
  return { ...made, url: `http://${made.adminAddress}` };
}

/** Sends these bytes and gives everything that comes back until the server hangs up. */
const raw = (address: string, bytes: string) =>
  new Promise<string>((resolve, reject) => {
    const [host, port] = address.split(":");
    const socket = connect(Number(port), host, () => socket.write(bytes));
    let got = "";
    socket.on("data", (chunk) => {
      got += chunk;
    });
    socket.on("close", () => resolve(got));
    socket.on("error", reject);
  });

describe("pages", () => {
  test("metrics, summary, liveness and readiness", async () => {
    let ready = false;
    const { url, observer, adminAddress } = await started({ ready: () => ready });
    expect(adminAddress).toMatch(/^127\.0\.0\.1:\d+$/);
    observer.observe(event("variable.set"));
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(parsePage(await metrics.text()).total("session_bridge_session_variable_size_count")).toBe(1);
    expect(await (await fetch(`${url}/summary`)).json()).toMatchObject({ operations: { set: { count: 1, failed: 0 } } });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    ready = true;
    expect((await fetch(`${url}/readyz?verbose`)).status).toBe(200);
  });

  test("readiness that cannot be told is a failure, not a crash", async () => {
    const ready = () => {
      throw new Error("secret");
    };
    const { url } = await started({ ready });
    const answer = await fetch(`${url}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([500, "failed\n"]);
  });

  test("anything else is not found, and only GET and HEAD are answered", async () => {
    const { url } = await started();
    for (const path of ["/", "/metrics/", "/..%2f", "/__proto__", "/constructor", "//evil"])
      expect((await fetch(url + path)).status).toBe(404);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const answer = await fetch(`${url}/metrics`, { method });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    }
    const head = await fetch(`${url}/metrics`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(100);
  });

  test("a huge header is refused, a body is not read, nonsense is hung up on", async () => {
    const { adminAddress = "" } = await started();
    expect(await raw(adminAddress, `GET /livez HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
    expect(await raw(adminAddress, "POST /livez HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\nxx")).toMatch(/^HTTP\/1.1 405/);
    expect(await raw(adminAddress, "\u0000\u0001\r\n\r\n")).toMatch(/^HTTP\/1.1 400/);
  });
});

describe("life", () => {
  test("a port that is taken is an error, and nothing is left open", async () => {
    const { adminAddress = "" } = await started();
    const port = Number(adminAddress.split(":")[1]);
    await expect(telemetry({ otlp: false, admin: { port } })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  test("closing does not wait for who is connected", async () => {
    const server = await adminServer("127.0.0.1", 0, { "/": () => text(200, "ok") });
    const socket = connect(Number(server.address.split(":")[1]), "127.0.0.1");
    const hungUp = new Promise((closed) => socket.on("close", closed));
    socket.on("error", (error: NodeJS.ErrnoException) => expect(error.code).toBe("ECONNRESET"));
    await new Promise((connected) => socket.on("connect", connected));
    socket.write("GET / HTTP/1.1\r\n");
    await server.close();
    await hungUp;
  });
});

test("the page is right whenever it is scraped under load: each count is between what had happened before and after", async () => {
  const { url, observer } = await started();
  let observed = 0;
  let loading = true;
  const load = (async () => {
    while (loading) {
      for (let n = 0; n < 200; n++) {
        observer.observe(event(n % 2 === 0 ? "variable.set" : "variable.get", { durationMs: n / 10, sizeBytes: n }));
        observed += 1;
      }
      await new Promise((soon) => setImmediate(soon));
    }
  })();
  const agentless = (path: string) =>
    new Promise<string>((resolve, reject) => {
      let page = "";
      request(url + path, { agent: false }, (answer) => {
        answer.setEncoding("utf8").on("data", (chunk) => {
          page += chunk;
        });
        answer.on("end", () => resolve(page));
      })
        .on("error", reject)
        .end();
    });
  const name = "session_bridge_session_variable_operation_duration_count";
  const scrape = async () => {
    const before = observed;
    const count = parsePage(await agentless("/metrics")).total(name);
    expect(count).toBeGreaterThanOrEqual(before);
    expect(count).toBeLessThanOrEqual(observed);
    return count;
  };
  for (let round = 0; round < 10; round++) await Promise.all([scrape(), scrape(), scrape(), scrape()]);
  loading = false;
  await load;
  expect(await scrape()).toBe(observed);
});
