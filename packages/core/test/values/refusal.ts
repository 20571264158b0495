/** What a typed error says: its class, its reason, and its details. */
export interface Refusal {
  readonly error: string;
  readonly reason: string;
  readonly details: { readonly rule?: string; readonly name?: string; readonly path?: string };
}

/** The typed error that an action ends in, undefined when it succeeds; any other error is thrown on. */
export function refusalOf(action: () => unknown): Refusal | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error) || !("reason" in error)) throw error;
    const { name, reason, details } = error as Error & Refusal;
    return { error: name, reason, details };
  }
}
