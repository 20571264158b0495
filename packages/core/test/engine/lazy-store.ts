/** A store that loads large values apart. */
import type { LoadedVariable, SessionPersistence } from "../../src/persistence.ts";

/** A store that gives values over 4 KiB only when they are asked for, as one on a disk does; `damaged` names do not verify. */
export function lazy(inner: SessionPersistence, damaged: ReadonlySet<string> = new Set()): SessionPersistence {
  return {
    ...inner,
    async load(key) {
      const session = await inner.load(key);
      const apart = <V extends LoadedVariable>(each: V): V =>
        each.sizeBytes > 4096 || damaged.has(each.name) ? { ...each, bytes: undefined } : each;
      const { variables, history, checkpoints = [] } = session ?? {};
      return (
        session &&
        variables && {
          ...session,
          variables: variables.map(apart),
          history: history && {
            ...history,
            entries: history.entries.map((entry) => ("kind" in entry ? entry : apart(entry as LoadedVariable))),
          },
          checkpoints: checkpoints.map((named) => ({ ...named, variables: named.variables.map(apart) })),
        }
      );
    },
    async loadValues(key, refs) {
      if (new Set(refs.map(({ name }) => name)).size < refs.length) throw new Error("a name was asked for twice");
      const values = await inner.loadValues(key, refs);
      return new Map([...values].map(([name, bytes]) => [name, damaged.has(name) ? undefined : bytes]));
    },
  };
}
