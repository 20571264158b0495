/** What bounds sessions in every world: little, so that it is met. */

/** What a session lives unused when nobody says otherwise. */
export const DEFAULT_TTL_MS = 20_000;
export const VARIABLES_PER_SESSION = 6;
export const CHECKPOINTS_PER_SESSION = 2;
