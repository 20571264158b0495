/** Bytes from the notation of proto/vectors/README.md: hex tokens, `61*1024` repeating one. */
export function bytesOf(notation: string): Buffer {
  const tokens = notation.split(" ").filter((token) => token !== "");
  return Buffer.concat(
    tokens.map((token) => {
      const [hex = "", count = "1"] = token.split("*");
      return Buffer.alloc((hex.length / 2) * Number(count), Buffer.from(hex, "hex"));
    }),
  );
}
