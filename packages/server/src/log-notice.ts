/** What the engine wants whoever runs it to hear, as log lines. */
import type { EngineNotice } from "@session-bridge/core/internal";
import type { Logger } from "./logger.ts";

/** Logs a notice of the engine; the cause of a failing store goes with it. */
export function logNotice(logger: Logger, notice: EngineNotice): void {
  switch (notice.kind) {
    case "store_failing":
      logger.error({ err: notice.cause }, "the store fails; it is tried again until it works");
      break;
    case "store_working":
      logger.info("the store works again");
      break;
    case "clock_leapt":
      logger.warn({ aheadMs: Math.round(notice.aheadMs) }, "the clock leapt ahead; what it says is over has expired");
      break;
    case "clock_behind":
      logger.warn({ behindMs: Math.round(notice.behindMs) }, "the clock is behind the last time in the store; time goes on from there");
      break;
  }
}
