/** Sessions as an export has them: each read from one snapshot, what is damaged told by name. */
import {
  type CallOptions,
  DataLossError,
  type Declaration,
  type DeclarationListing,
  PageExpiredError,
  type SessionFilter,
  type SessionInfo,
  type StoredVariable,
} from "@session-bridge/core/internal";
import { findSession } from "./find-session.ts";
import { IMPORT_MARKER } from "./import-marker.ts";
import type { RemotePort } from "./io.ts";
import { withSession } from "./session-failure.ts";

/** A session with everything of it that can be read, or why nothing can. */
export type ExportedSession =
  | {
      readonly info: SessionInfo;
      readonly declarations: readonly Declaration[];
      readonly variables: readonly StoredVariable[];
      readonly damaged: readonly string[];
    }
  | { readonly lost: string; readonly why: string };

/** A session with damage is read around it at one revision; one that is written all the time is given up after so many tries. */
const MAX_TRIES = 100;

/** The sessions of a server one after another, by their ids in byte order. One session at a time is in memory. */
export async function* exportedSessions(port: RemotePort, filter: SessionFilter, call: CallOptions): AsyncGenerator<ExportedSession> {
  let after: string | undefined;
  do {
    const page = await port.listSessions(filter, after === undefined ? {} : { after }, call);
    for (const info of page.sessions) {
      const session = await withSession(`session ${JSON.stringify(info.id)}`, () => exportedSession(port, info, call));
      if (session !== undefined) yield session;
    }
    after = page.next;
  } while (after !== undefined);
}

/** Undefined when the session is gone meanwhile. */
async function exportedSession(port: RemotePort, listed: SessionInfo, call: CallOptions): Promise<ExportedSession | undefined> {
  const { id } = listed;
  for (let info = listed; ; ) {
    const declared = await readable(port.listDeclarations(id, call));
    if ("lost" in declared) return { lost: id, why: declared.lost };
    const reading = await readSession(port, id, call);
    if ("lost" in reading) return reading;
    if (reading.sessionRevision === 0) return undefined;
    if (!(await isDeclaredStill(port, id, declared, reading.sessionRevision, call))) continue;
    // Labels, ttl and maximum life are those of the variables, unless another session has taken the id since it was listed.
    const current = reading.sessionRevision === info.revision ? info : await findSession(port, id, call);
    if (current === undefined) return undefined;
    if (current.createdAtMs !== info.createdAtMs) {
      info = current;
      continue;
    }
    const { variables, damaged, sessionRevision } = reading;
    if (variables.some(({ name }) => name === IMPORT_MARKER)) return { lost: id, why: "an import into it has not finished" };
    return { info: { ...current, revision: sessionRevision }, declarations: declared.declarations, variables, damaged };
  }
}

/** Whether what was declared then holds at a revision that was read later. A declaration that comes back has another revision. */
async function isDeclaredStill(
  port: RemotePort,
  id: string,
  then: DeclarationListing,
  revision: number,
  call: CallOptions,
): Promise<boolean> {
  if (then.sessionRevision === revision) return true;
  const now = await port.listDeclarations(id, call);
  const same = ({ name, revision: at }: Declaration, i: number) =>
    then.declarations[i]?.name === name && then.declarations[i].revision === at;
  return now.declarations.length === then.declarations.length && now.declarations.every(same);
}

async function readable<T extends object>(read: T | Promise<T>): Promise<T | { readonly lost: string }> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof DataLossError) return { lost: error.message };
    throw error;
  }
}

interface Reading {
  readonly variables: readonly StoredVariable[];
  readonly damaged: readonly string[];
  readonly sessionRevision: number;
}

async function readSession(port: RemotePort, id: string, call: CallOptions): Promise<Reading | { lost: string; why: string }> {
  try {
    return { ...(await port.getVariables(id, { prefix: "" }, call)), damaged: [] };
  } catch (error) {
    if (!(error instanceof DataLossError)) throw error;
  }
  try {
    return await readAroundDamage(port, id, call);
  } catch (error) {
    if (!(error instanceof DataLossError)) throw error;
    return { lost: id, why: error.message };
  }
}

/** Finds out what cannot be read, one by one, and reads everything else from one snapshot. */
async function readAroundDamage(port: RemotePort, id: string, call: CallOptions): Promise<Reading> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const listing = await port.listVariables(id, "", call);
    const damaged: string[] = [];
    for (const { name } of listing.variables) if (!(await isReadable(port, id, name, call))) damaged.push(name);
    const names = listing.variables.map(({ name }) => name).filter((name) => !damaged.includes(name));
    const read =
      names.length > 0 ? await port.getVariables(id, { names }, call) : { variables: [], sessionRevision: listing.sessionRevision };
    // Otherwise it was written meanwhile: there may be new names, and what was damaged may be mended.
    if (read.sessionRevision === listing.sessionRevision) return { ...read, damaged };
  }
  throw new PageExpiredError("it has damaged variables, and is written too often to be read around them");
}

async function isReadable(port: RemotePort, id: string, name: string, call: CallOptions): Promise<boolean> {
  try {
    await port.getVariable(id, name, call);
    return true;
  } catch (error) {
    if (error instanceof DataLossError) return false;
    throw error;
  }
}
