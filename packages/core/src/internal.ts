/** What the sibling packages may use beside the public names. Nothing here is promised to anybody else. */
export { CODES, fromWireError, toWireError, type WireError } from "./error-table.ts";
