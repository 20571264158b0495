const PLAIN_KEY = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** Longer keys are cut in paths, which travel in error details. */
const MAX_KEY_LENGTH = 64;

/** Where a key or index leads from a place inside a value: `config.tools[3]`, `config["odd key"]`. */
export function childPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (key.length > MAX_KEY_LENGTH) return `${path}[${JSON.stringify(`${key.slice(0, MAX_KEY_LENGTH)}…`)}]`;
  return PLAIN_KEY.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/** A value's own name in paths where the variable's name is not known. */
export const ROOT_PATH = "value";
