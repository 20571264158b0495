/** The lines of an export (docs/export-format.md): JSON records, each with a checksum of everything up to it. */
import { crc32 } from "node:zlib";
import { scanValue, typeNameOf } from "@session-bridge/core/values";
import { z } from "zod";

/** The format's version. Version 1, which says nothing of histories and declarations, is read too; another one is refused. */
const EXPORT_VERSION = 2;
const VERSIONS: readonly unknown[] = [1, EXPORT_VERSION];
const FORMAT = "session-bridge-export";

/** No line is longer: the greatest value that fits one message of the client takes 5.6 MB as base64. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

const whole = z.int({ error: "expected a whole number" }).min(0, { error: "expected a whole number of 0 or more" });
const ttlProblem = { error: "expected milliseconds greater than 0, or never" };
const ttl = z.union([z.int(ttlProblem).min(1, ttlProblem), z.literal("never")], ttlProblem);
const text = z.string({ error: "expected text" });
const maybeTime = z.union([whole, z.null()], { error: "expected milliseconds since the epoch, or null" });
const maybeEntries = z.union([whole, z.null()], { error: "expected a number of entries, or null" });
// Not z.record, which drops the key `__proto__`.
const labels = z.custom<Readonly<Record<string, string>>>(
  (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((label) => typeof label === "string"),
  { error: "expected an object of texts" },
);

const RECORD = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      kind: z.literal("header"),
      format: z.literal(FORMAT),
      version: z.union([z.literal(1), z.literal(EXPORT_VERSION)]),
      server_version: text,
      exported_at_ms: whole,
      prefix: text,
      labels,
    }),
    z.strictObject({
      kind: z.literal("session"),
      id: text,
      labels,
      ttl_ms: ttl,
      expires_at_ms: maybeTime,
      ends_at_ms: maybeTime,
      created_at_ms: whole,
      accessed_at_ms: whole,
      revision: whole,
      history_entries: maybeEntries.optional(),
      declarations: z.array(z.strictObject({ name: text, schema: z.base64({ error: "expected base64" }) })).optional(),
      variables: whole,
      damaged: z.array(text, { error: "expected names" }),
    }),
    z.strictObject({
      kind: z.literal("variable"),
      name: text,
      type: text,
      encoding: text,
      revision: whole,
      created_at_ms: whole,
      updated_at_ms: whole,
      expires_at_ms: maybeTime,
      value: text,
    }),
    z.strictObject({ kind: z.literal("lost_session"), id: text, why: text }),
    z.strictObject({
      kind: z.literal("trailer"),
      sessions: whole,
      variables: whole,
      damaged_variables: whole,
      lost_sessions: whole,
    }),
  ],
  { error: "expected a record of kind header, session, variable, lost_session or trailer" },
);

/** One line. */
export type ExportRecord = z.output<typeof RECORD>;
/** The line that begins a session. */
export type SessionRecord = ExportRecord & { readonly kind: "session" };
/** A variable of the session before it. */
export type VariableRecord = ExportRecord & { readonly kind: "variable" };
/** The last line: what there must have been before it. */
export type TrailerRecord = ExportRecord & { readonly kind: "trailer" };

/** An export that cannot be read on. The message names the line. */
export class BadExportError extends Error {
  override readonly name = "BadExportError";
  readonly line: number;

  constructor(line: number, problem: string, options?: ErrorOptions) {
    super(`line ${line}: ${problem}`, options);
    this.line = line;
  }
}

/** The first line of an export. */
export const headerRecord = (about: Omit<ExportRecord & { kind: "header" }, "kind" | "format" | "version">): ExportRecord => ({
  kind: "header",
  format: FORMAT,
  version: EXPORT_VERSION,
  ...about,
});

/** Makes lines, newline included, of the records of one export in their order. */
export function lineWriter(): (record: ExportRecord) => string {
  let sum = 0;
  return (record) => {
    const body = JSON.stringify(record).slice(0, -1);
    sum = crc32(body, sum);
    return `${body}${checkOf(sum)}`;
  };
}

/** Reads the lines of one export in their order, without their newlines. It throws BadExportError. */
export function lineReader(): (line: Buffer, number: number) => ExportRecord {
  let sum = 0;
  return (line, number) => {
    if (number === 1) refuseOtherFormats(line);
    const body = line.subarray(0, Math.max(0, line.length - CHECK_BYTES));
    sum = crc32(body, sum);
    if (`${line.subarray(body.length).toString("latin1")}\n` !== checkOf(sum)) {
      throw new BadExportError(number, "its checksum does not fit: the line, or something before it, was damaged, removed or changed");
    }
    return recordOf(`${body.toString("utf8")}}`, number);
  };
}

/** The value of a variable's line. Throws BadExportError for bytes that are no value of the type that the line says. */
export function encodedValueOf(record: VariableRecord, line: number): { readonly bytes: Uint8Array; readonly encoding: string } {
  const bytes = Buffer.from(record.value, "base64");
  if (bytes.toString("base64") !== record.value) throw new BadExportError(line, "its value is no base64");
  const value = { bytes, encoding: record.encoding };
  try {
    if (record.encoding === "") scanValue(bytes);
  } catch (cause) {
    throw new BadExportError(line, `its value does not decode: ${(cause as Error).message}`, { cause });
  }
  const type = typeNameOf(value);
  if (type !== record.type) throw new BadExportError(line, `its value is of type ${type}, not ${record.type}`);
  return value;
}

const checkOf = (sum: number): string => `,"crc32":"${sum.toString(16).padStart(8, "0")}"}\n`;
const CHECK_BYTES = checkOf(0).length - 1;

/** A file of something else, or of a later version, is told apart from a damaged one. */
function refuseOtherFormats(line: Buffer): void {
  const found = parsed(line.toString("utf8"));
  if (typeof found !== "object" || found === null || !("format" in found) || found.format !== FORMAT)
    throw new BadExportError(1, "this does not begin as an export of session-bridge");
  if (!("version" in found) || !VERSIONS.includes(found.version)) {
    const version = JSON.stringify("version" in found ? found.version : null);
    throw new BadExportError(1, `this export has version ${version} of the format; only versions ${VERSIONS.join(" and ")} can be read`);
  }
}

function recordOf(json: string, line: number): ExportRecord {
  const { success, data, error } = RECORD.safeParse(parsed(json));
  if (success) return data;
  const [issue] = error.issues;
  const place = issue?.path.length ? `${issue.path.join(".")}: ` : "";
  throw new BadExportError(line, `${place}${issue?.message ?? "no record"}`);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
