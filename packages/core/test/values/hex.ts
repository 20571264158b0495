/** Bytes from tokens of hex, each optionally repeated: `93 01a161 00*48`. */
export function bytesOf(text: string): Uint8Array {
  const parts = text.split(/\s+/).filter((token) => token !== "");
  const chunks = parts.map((token) => {
    const [hex = "", times = "1"] = token.split("*");
    return Buffer.alloc((hex.length / 2) * Number(times), Buffer.from(hex, "hex"));
  });
  return new Uint8Array(Buffer.concat(chunks));
}

/** The hex of bytes, to compare and to show. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
