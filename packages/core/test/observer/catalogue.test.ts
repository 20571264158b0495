import { describe, expect, it } from "vitest";
import {
  EVENT_ATTRIBUTES,
  EVENT_CATALOGUE,
  EVENT_MEASUREMENTS,
  type EventKind,
  type MeasurementDescription,
} from "../../src/event-catalogue.ts";
import type { ObserverEvent } from "../../src/observer.ts";
import { encode } from "../../src/values/index.ts";
import { pass, set, setOf, stage, update } from "../engine/stage.ts";
import { disk, watched } from "./watched.ts";

/** At least one event of every kind. */
async function everyKind(): Promise<readonly ObserverEvent[]> {
  const crowded = watched({ limits: { memorySessions: 2 } });
  await crowded.port.createSession({ id: "a" }, {});
  await crowded.port.createSession({ id: "b" }, {});
  const inner = disk();
  await set(stage({ inner }).port, "s", "a", 1);
  const { port, clock, observer } = watched({ inner, limits: { memoryBytes: 1 } });
  await update(
    port,
    "s",
    setOf("b", 1, { ttl: 100 }),
    { kind: "increment", name: "a", by: encode(1) },
    { kind: "check", name: "c", ifRevision: 0 },
  );
  await update(port, "s", { kind: "delete", name: "a" });
  await port.getVariable("s", "a", {});
  await port.touchSession("s", 1_000, {});
  await port.createSession({ id: "t" }, {});
  await port.deleteSession("t", {});
  await set(port, "u", "a", 1);
  await pass(clock, 500);
  await pass(clock, 2_000);
  return [...crowded.observer.events, ...observer.events];
}

describe("the catalogue of events", () => {
  it("has every kind and exactly the fields that its events have", async () => {
    const events = await everyKind();
    for (const event of events) {
      const { measurements, attributes } = EVENT_CATALOGUE[event.kind];
      expect(Object.keys(event).sort(), event.kind).toEqual(["kind", ...measurements, ...attributes].sort());
    }
    expect([...new Set(events.map(({ kind }) => kind))].sort()).toEqual(Object.keys(EVENT_CATALOGUE).sort());
  });

  it("says of measurements that they are numbers, and of nothing else but moments and revisions", async () => {
    for (const event of await everyKind()) {
      const fields = Object.entries(event);
      const numbers = fields.flatMap(([field, value]) => (typeof value === "number" ? [field] : []));
      const { measurements } = EVENT_CATALOGUE[event.kind];
      expect(numbers.filter((field) => field !== "startedAtMs" && field !== "revision").sort(), event.kind).toEqual(
        [...measurements].sort(),
      );
    }
  });

  it("has a public name for each kind, that says the kind", () => {
    const entries = Object.entries(EVENT_CATALOGUE) as [EventKind, { readonly name: string }][];
    for (const [kind, { name }] of entries) {
      expect(name).toBe(kind.startsWith("variable.") ? `session_bridge.session.${kind}` : `session_bridge.${kind}`);
    }
  });

  it("describes everything, and every field that is described is in use", () => {
    const used = new Set<string>();
    for (const { description, measurements, attributes } of Object.values(EVENT_CATALOGUE)) {
      expect(description).not.toBe("");
      for (const field of [...measurements, ...attributes]) used.add(field);
    }
    expect([...used].sort()).toEqual([...Object.keys(EVENT_MEASUREMENTS), ...Object.keys(EVENT_ATTRIBUTES)].sort());
    const measurements: readonly MeasurementDescription[] = Object.values(EVENT_MEASUREMENTS);
    for (const { description, unit } of measurements) expect(description !== "" && unit !== "").toBe(true);
  });
});
