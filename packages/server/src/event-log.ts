/**
 * Event records as lines of the log. They may be many, so they are written in the background: whoever reads the log too slowly loses records,
 * which are counted, and holds up nothing.
 */
import { pino } from "pino";
import { jsonLogger } from "./logger.ts";

/** How many bytes may wait to be written. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Where records go. */
export interface EventLog {
  /** Throws when the record could not be taken. */
  write(record: object): void;
  /** Stops after what waits has been written, or after a moment. */
  close(): Promise<void>;
}

/** How long the last records may take. */
const CLOSE_MS = 500;

/** Writes records to standard error. */
export function eventLog(): EventLog {
  const destination = pino.destination({ dest: 2, sync: false, maxLength: MAX_WAITING_BYTES });
  const logger = jsonLogger("info", destination);
  let dropped = false;
  destination.on("drop", () => {
    dropped = true;
  });
  // Whoever read the log is gone; the server is not.
  destination.on("error", () => {
    dropped = true;
  });
  return {
    write(record) {
      dropped = false;
      logger.info({ event: record }, "event");
      if (dropped) throw new Error("the log takes no more records");
    },
    close: () =>
      new Promise((closed) => {
        const giveUp = setTimeout(closed, CLOSE_MS);
        destination.flush(() => {
          clearTimeout(giveUp);
          closed();
        });
      }),
  };
}
