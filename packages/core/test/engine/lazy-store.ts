/** A store that loads large values apart. */
import type { SessionPersistence } from "../../src/persistence.ts";

/** A store that gives values over 4 KiB only when they are asked for, as one on a disk does; `damaged` names do not verify. */
export function lazy(inner: SessionPersistence, damaged: ReadonlySet<string> = new Set()): SessionPersistence {
  return {
    ...inner,
    async load(key) {
      const session = await inner.load(key);
      const away = ({ sizeBytes, name }: { sizeBytes: number; name: string }) => sizeBytes > 4096 || damaged.has(name);
      return session && { ...session, variables: session.variables.map((each) => (away(each) ? { ...each, bytes: undefined } : each)) };
    },
    async loadValues(key, refs) {
      const values = await inner.loadValues(key, refs);
      return new Map([...values].map(([name, bytes]) => [name, damaged.has(name) ? undefined : bytes]));
    },
  };
}
