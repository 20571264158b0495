/** The variable that a session has while it is imported in several updates; the last of them takes it away. */
export const IMPORT_MARKER = "session-bridge:import-not-finished";
