import { mergeConfig } from "vitest/config";
import shared from "../vitest.shared.ts";

/** These tests start whole programs: the time they take is the machine's. */
export default mergeConfig(shared, { test: { testTimeout: 120_000 } });
