/** What every suite of the client runs over. */
export const CARRIERS = ["direct", "grpc"] as const;

/** One of them. */
export type Carrier = (typeof CARRIERS)[number];
