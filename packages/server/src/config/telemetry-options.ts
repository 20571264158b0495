/** The options of telemetry; docs/telemetry.md says what they are for. */
import { EVENT_CATALOGUE, type EventKind } from "@session-bridge/core/internal";
import { z } from "zod";
import { hostPort, row, share, whole } from "./schemas.ts";

/** How names are shown. */
export const NAMES_MODES = ["plain", "hash", "off"] as const;

/** Every event, by its public name. */
const KINDS = new Map(Object.entries(EVENT_CATALOGUE).map(([kind, { name }]) => [name as string, kind as EventKind]));

/** Shares of events; none is all of them. */
export type EventShares = Readonly<Partial<Record<EventKind, number>>>;

/** `event=share,…` as shares, or what is wrong with it. `all` leaves nothing out. */
export function parseEventShares(text: string): EventShares | { readonly wrong: string } {
  const shares: Partial<Record<EventKind, number>> = {};
  for (const part of text === "all" ? [] : text.split(",")) {
    const [, name = "", given] = /^([^=]+)=(.+)$/.exec(part) ?? [];
    const ratio = share.safeParse(given);
    const kind = KINDS.get(name);
    if (given === undefined || !ratio.success) return { wrong: `expected all, or event=share with shares of 0 to 1, not ${quote(part)}` };
    if (kind === undefined) return { wrong: `expected the name of an event, such as session_bridge.commit, not ${quote(name)}` };
    shares[kind] = ratio.data;
  }
  return shares;
}

/** The options of `serve` that are about telemetry. */
export const TELEMETRY_OPTIONS = {
  admin: row(
    "host:port|off",
    "where /metrics (Prometheus), /livez, /readyz and /summary are served over HTTP, such as 127.0.0.1:9464",
    z.union([z.literal("off"), hostPort], { error: "expected off or host:port" }).default("off"),
  ),
  "telemetry-names": row(
    NAMES_MODES.join("|"),
    "how summaries, spans and event records show session ids and variable names (hash: under the key in SESSION_BRIDGE_TELEMETRY_NAMES_KEY, or a random one); metrics never have them",
    z.enum(NAMES_MODES, { error: `expected ${NAMES_MODES.join(", ")}` }).default("plain"),
  ),
  "telemetry-events": row(
    "n",
    "logs what happens to sessions, at most so many events a second in the long run; 0 logs none",
    whole(0, 1_000_000).default(0),
  ),
  "telemetry-events-sample": row(
    "event=share,…|all",
    "logs only a share of some events, such as session_bridge.session.variable.get=0.01",
    z
      .string({ error: "expected all, or event=share,…" })
      .superRefine((text, context) => {
        const shares = parseEventShares(text);
        if ("wrong" in shares) context.addIssue({ code: "custom", message: shares.wrong });
      })
      .default("all"),
  ),
  "trace-ratio": row(
    "share",
    "the share of calls that is traced when their caller does not say; spans go to OTEL_EXPORTER_OTLP_ENDPOINT, if set",
    share.default(0.1),
  ),
} as const;

const quote = (text: string): string => JSON.stringify(text);
