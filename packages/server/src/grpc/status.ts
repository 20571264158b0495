/** Statuses as gRPC has them: the code and the message by themselves, and all of it in the standard trailer. */
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import type { WireStatus } from "../carrier/status.ts";

/** A status for grpc-js. */
export function grpcStatus({ code, message, bytes }: WireStatus): StatusObject {
  const trailers = new Metadata();
  trailers.set("grpc-status-details-bin", Buffer.from(bytes));
  return { code, details: message, metadata: trailers };
}
