/**
 * Whether a history of one register could have happened one operation after another (Wing and Gong, "Testing and verifying concurrent
 * objects", 1993; with the memory of Lowe, "Testing for linearizability", 2017).
 */

/** What a client asked of a register. */
export type RegisterCall =
  | { readonly kind: "get" }
  | { readonly kind: "set"; readonly value: number }
  /** Sets when the register is at this revision; 0 is "not there". */
  | { readonly kind: "cas"; readonly value: number; readonly ifRevision: number }
  | { readonly kind: "increment"; readonly by: number }
  | { readonly kind: "delete" };

/** What it was told: the register after it (for `delete`, whether it was there); `mismatch` is a refused `cas`. */
export interface RegisterAnswer {
  readonly value?: number | undefined;
  /** 0 when the register is not there. */
  readonly revision: number;
  readonly mismatch?: boolean;
  readonly deleted?: boolean;
}

/** An operation with the moments of its begin and end, all different. Without an answer it may have happened at any time after its begin, or never. */
export interface Operation {
  readonly call: RegisterCall;
  readonly begin: number;
  readonly end: number;
  readonly answer: RegisterAnswer | undefined;
}

/** A register; its revision is undefined after a change that nobody was answered, until somebody sees it. */
interface Register {
  readonly value: number | undefined;
  readonly revision: number | undefined;
}

const ABSENT: Register = { value: undefined, revision: 0 };

/** Whether some order of the operations explains every answer and agrees with who was answered before whom began. */
export function isLinearizable(history: readonly Operation[]): boolean {
  const operations = [...history].sort((a, b) => a.begin - b.begin);
  const tried = new Set<string>();

  function search(done: bigint, register: Register): boolean {
    const left = operations.filter((_, i) => !(done & (1n << BigInt(i))));
    if (left.every(({ answer }) => answer === undefined)) return true;
    const key = `${done}:${register.value}:${register.revision}`;
    if (tried.has(key)) return false;
    tried.add(key);
    // Nothing can come before something that had ended when it began.
    const firstEnd = Math.min(...left.map(({ answer, end }) => (answer === undefined ? Number.POSITIVE_INFINITY : end)));
    for (const [i, operation] of operations.entries()) {
      if (done & (1n << BigInt(i)) || operation.begin > firstEnd) continue;
      for (const after of steps(register, operation)) if (search(done | (1n << BigInt(i)), after)) return true;
    }
    return false;
  }
  return search(0n, ABSENT);
}

/** The registers that an operation can lead to from here; none when its answer contradicts them. */
function steps(before: Register, { call, answer }: Operation): readonly Register[] {
  const exists = before.value !== undefined;
  switch (call.kind) {
    case "get":
      return answer === undefined ? [before] : seen(before, answer);
    case "set":
      return [written(call.value, answer)];
    case "cas": {
      if (answer?.mismatch) return answer.revision === call.ifRevision ? [] : seen({ ...before, value: undefined }, answer, before.value);
      const holds = before.revision === undefined ? call.ifRevision !== 0 : before.revision === call.ifRevision;
      return holds ? [written(call.value, answer)] : [];
    }
    case "increment": {
      const value = (before.value ?? 0) + call.by;
      return answer !== undefined && answer.value !== value ? [] : [written(value, answer)];
    }
    case "delete":
      return answer !== undefined && answer.deleted !== exists ? [] : [ABSENT];
  }
}

const written = (value: number, answer: RegisterAnswer | undefined): Register => ({ value, revision: answer?.revision });

/** The register as somebody saw it; its value is `kept` where it was not shown. */
function seen(before: Register, answer: RegisterAnswer, kept = before.value): readonly Register[] {
  if (before.value !== answer.value) return [];
  const known = before.revision === undefined ? answer.revision !== 0 : before.revision === answer.revision;
  return known ? [{ value: kept, revision: answer.revision }] : [];
}
