/** What options are made of: rows of a table, and what their values may be. */
import { z } from "zod";
import { parseHostPort, parseListenAddress } from "../listen-address.ts";

/** An option. `schema` reads what a flag, the environment (text) or a JSON file gives, and fills in the default. */
export interface OptionRow<T = unknown> {
  readonly placeholder: string;
  readonly help: string;
  readonly schema: z.ZodType<T>;
}

/** A whole number of `min` to `max`, also as decimal digits. */
export const whole = (min: number, max: number) =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,16}$/)
          .transform(Number),
      ],
      { error: `expected a whole number of ${min} to ${max}` },
    )
    .refine((value) => Number.isSafeInteger(value) && value >= min && value <= max, {
      error: `expected a whole number of ${min} to ${max}`,
    });

/** true or false, also as 1 and 0. */
export const bool = z.union([z.boolean(), z.stringbool({ truthy: ["true", "1"], falsy: ["false", "0"], case: "sensitive" })], {
  error: "expected true or false",
});

/** Seconds greater than 0, at most a day. */
export const seconds = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d+(?:\.\d+)?$/)
        .transform(Number),
    ],
    { error: "expected seconds greater than 0" },
  )
  .refine((value) => value > 0 && value <= 86_400, { error: "expected seconds greater than 0, at most 86400" });

/** Text that `parse` does not throw at. */
const parsed = (parse: (text: string) => unknown, expected: string) =>
  z.string({ error: `expected ${expected}` }).superRefine((text, context) => {
    try {
      parse(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
  });

/** Where to listen: in the network, or at a Unix socket. */
export const listen = parsed(parseListenAddress, "host:port or unix:path");

/** A place in the network. */
export const hostPort = parsed(parseHostPort, "host:port");

const NUMBER = /^(?:\d+(?:\.\d*)?|\.\d+)$/;

/** A number of 0 to 1. */
export const share = z
  .union([z.number(), z.string().regex(NUMBER).transform(Number)], { error: "expected a number of 0 to 1" })
  .refine((value) => value >= 0 && value <= 1, { error: "expected a number of 0 to 1" });

/** A row of a table. */
export function row<T>(placeholder: string, help: string, schema: z.ZodType<T>): OptionRow<T> {
  return { placeholder, help, schema };
}
