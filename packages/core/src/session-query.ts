/** Which sessions a listing gives. */
import type { SessionQuery, SessionRecord } from "./persistence.ts";
import { isDue } from "./variable-store.ts";

/** Whether a session is alive and has the prefix and the labels that are asked for; where the page begins is not judged. */
export const isListed = (id: string, record: SessionRecord, { prefix, labels, nowMs }: SessionQuery): boolean =>
  !isDue(record, nowMs) &&
  id.startsWith(prefix) &&
  Object.keys(labels).every((label) => Object.hasOwn(record.labels, label) && record.labels[label] === labels[label]);
