const PLAIN_KEY = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** Where a key or index leads from a place inside a value: `config.tools[3]`, `config["odd key"]`. */
export function childPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  return PLAIN_KEY.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/** A value's own name in paths where the variable's name is not known. */
export const ROOT_PATH = "value";
