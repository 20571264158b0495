/** The numbers of methods in the direct protocol. */
import { DirectMethod } from "@session-bridge/protocol/session_bridge/v1/direct";

const PREFIX = "DIRECT_METHOD_";

const camelCase = (name: string): string => name.toLowerCase().replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Numbers by the last part of a method's path, such as `GetVariable`. */
const NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries(DirectMethod).map(([name, number]) => [camelCase(name.slice(PREFIX.length)), number]),
);

const known = new Map<string, number>();

/** The number of a method by its path, 0 when it has none. */
export function methodNumber(path: string): number {
  const found = known.get(path);
  if (found !== undefined) return found;
  const number = NUMBERS.get(path.slice(path.lastIndexOf("/") + 1)) ?? 0;
  known.set(path, number);
  return number;
}
