/** The methods by the numbers that frames have for them. */
import { DirectMethod } from "@session-bridge/protocol/session_bridge/v1/direct";
import type { ServedMethod, ServedService } from "../carrier/methods.ts";

/** Methods at their numbers; nothing at others. */
export type NumberedMethods = readonly (ServedMethod | undefined)[];

/** Finds each method's number by its name. Throws for a method that has none, which tests see. */
export function numberedMethods(services: readonly ServedService[]): NumberedMethods {
  const methods: (ServedMethod | undefined)[] = [];
  for (const method of services.flatMap((service) => service.methods)) {
    const name = `DIRECT_METHOD_${method.key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    const number: number | undefined = DirectMethod[name as keyof typeof DirectMethod];
    if (number === undefined) throw new Error(`${method.name} has no number: add ${name} to direct.proto`);
    methods[number] = method;
  }
  return methods;
}
