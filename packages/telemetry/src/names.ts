/** How telemetry shows the ids of sessions and the names of variables: as they are, as keyed hashes, or not at all. */
import { createHmac, randomBytes } from "node:crypto";

/** The modes of `--telemetry-names`. */
export const NAMES_MODES = ["plain", "hash", "off"] as const;

/** One of NAMES_MODES. */
export type NamesMode = (typeof NAMES_MODES)[number];

/** Longer names are cut, in characters: lawful ones are at most 256 bytes, and what a refused request calls itself may be anything. */
const MAX_NAME_LENGTH = 256;

/** How much of a hash is shown, in hex digits: 64 bits, so that a million names have no two alike in all likelihood. */
const HASH_LENGTH = 16;

/** Gives a name as it may be shown, undefined when none may. */
export type ShowName = (name: string) => string | undefined;

/**
 * Makes the function for a mode. A hash is the first 64 bits of HMAC-SHA-256 under `key`, in hex. Without a key each process takes a random
 * one: nobody can try names against the hashes, and they mean nothing after a restart; the same key in several processes makes them agree.
 */
export function showName(mode: NamesMode, key: string | Uint8Array = randomBytes(32)): ShowName {
  switch (mode) {
    case "plain":
      return (name) => (name.length > MAX_NAME_LENGTH ? name.slice(0, MAX_NAME_LENGTH) : name);
    case "hash":
      return (name) => createHmac("sha256", key).update(name).digest("hex").slice(0, HASH_LENGTH);
    case "off":
      return () => undefined;
  }
}
