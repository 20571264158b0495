/** The one deadline of a session (semantics: access + ttl + slack, never beyond the end of its maximum life). */
import type { SessionRecord } from "./persistence.ts";

const MIN_SLACK_MS = 10;
const MAX_SLACK_MS = 60_000;

/** What an access may be late by before the deadline is saved again, so that reads do not write each time. */
const slackMs = (ttlMs: number): number => Math.min(Math.max(Math.ceil(ttlMs / 100), MIN_SLACK_MS), MAX_SLACK_MS);

/** The deadline after an access at `nowMs`; undefined means never. */
export function deadlineMs(record: Pick<SessionRecord, "ttlMs" | "endsAtMs">, nowMs: number): number | undefined {
  if (record.ttlMs === undefined) return record.endsAtMs;
  const sliding = nowMs + record.ttlMs + slackMs(record.ttlMs);
  return record.endsAtMs === undefined ? sliding : Math.min(sliding, record.endsAtMs);
}

/** The later deadline that an access at `nowMs` should save, be it a read or a write, or undefined when the stored one still serves. */
export function extensionMs(
  record: Pick<SessionRecord, "ttlMs" | "endsAtMs" | "expiresAtMs">,
  nowMs: number,
  always = false,
): number | undefined {
  if (record.ttlMs === undefined || record.expiresAtMs === undefined) return undefined;
  const serves = nowMs + record.ttlMs <= record.expiresAtMs - slackMs(record.ttlMs) / 2;
  if (serves && !always) return undefined;
  const later = deadlineMs(record, nowMs);
  return later !== undefined && later > record.expiresAtMs ? later : undefined;
}
