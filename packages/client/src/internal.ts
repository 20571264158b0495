/** What the sibling packages may use beside the public names. Nothing here is promised to anybody else. */
export { type RemotePort, type RemotePortOptions, remotePort } from "./rpc.ts";
