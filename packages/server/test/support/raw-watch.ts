/** A watch as a stranger's client sees it: messages, and the status that ends them. */
import { type CallOptions, type ClientReadableStream, Metadata, type StatusObject } from "@grpc/grpc-js";
import { WatchVariablesRequest, type WatchVariablesResponse } from "@session-bridge/protocol/session_bridge/v1/variables";
import { type RawClient, type Refusal, refusal } from "./raw-client.ts";

export interface RawWatch {
  readonly stream: ClientReadableStream<WatchVariablesResponse>;
  /** What came so far, as long as the stream is not paused. */
  readonly messages: readonly WatchVariablesResponse[];
  /** Resolves at the message that says so. */
  readonly caughtUp: Promise<void>;
  readonly ended: Promise<Refusal>;
}

/** Begins to watch; `read` false takes only what grpc-js reads ahead, sixteen messages, before the stream is resumed. */
export function rawWatch(
  client: RawClient,
  request: Partial<WatchVariablesRequest>,
  { read = true, ...options }: CallOptions & { readonly read?: boolean } = {},
): RawWatch {
  const stream = client.variables.watchVariables(WatchVariablesRequest.fromPartial(request), new Metadata(), options);
  const messages: WatchVariablesResponse[] = [];
  const { promise: caughtUp, resolve: tellCaughtUp } = Promise.withResolvers<void>();
  const take = (message: WatchVariablesResponse): void => {
    messages.push(message);
    if (message.caughtUp) tellCaughtUp();
  };
  if (read) stream.on("data", take);
  // grpc-js takes everything off the wire until the first message is asked for, and keeps to what is asked only then.
  else
    stream
      .pause()
      .on("resume", () => stream.on("data", take))
      .read(0);
  // The status says it, too.
  stream.on("error", () => {});
  const ended = new Promise<Refusal>((resolve) => stream.on("status", (status: StatusObject) => resolve(refusal(status))));
  return { stream, messages, caughtUp, ended };
}
