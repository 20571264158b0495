import { SessionServiceService } from "@session-bridge/protocol/session_bridge/v1/sessions";
import { VariableServiceService } from "@session-bridge/protocol/session_bridge/v1/variables";

/** The full names of the methods that the server has, such as `session_bridge.v1.VariableService/GetVariable`. */
export const METHODS: readonly string[] = [
  ...[SessionServiceService, VariableServiceService].flatMap((service) => Object.values(service).map(({ path }) => path.slice(1))),
  "grpc.health.v1.Health/Check",
  "grpc.health.v1.Health/Watch",
];
