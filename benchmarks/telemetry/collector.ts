/** A collector as a process of its own: takes whatever comes, and says where it listens and, when its standard input ends, how much that was. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

let bytes = 0;
const server = createServer((request, response) => {
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on("end", () => response.end());
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.stdin.resume().on("end", () => {
  console.log(bytes);
  server.closeAllConnections();
  server.close();
});
