/** Prints where a SQLite file with so many sessions of ten variables is: `node stored.ts N`. */
import { storedSessions } from "../durability/stored-sessions.ts";

console.log(await storedSessions({ sessions: Number(process.argv[2]), variables: 10, expired: false }));
