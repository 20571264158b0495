/** Whether the UTF-8 of bytes[start, end) has at least, or at most, so many code points. */
export function textLengthTest(
  keyword: "minLength" | "maxLength",
  limit: number,
): (bytes: Uint8Array, start: number, end: number) => boolean {
  // A code point takes one to four bytes, so most texts need no counting.
  if (keyword === "maxLength") return (bytes, start, end) => end - start <= limit || !isLonger(bytes, start, end, limit);
  return (bytes, start, end) =>
    end - start >= limit * 4 || (end - start >= limit && (limit === 0 || isLonger(bytes, start, end, limit - 1)));
}

function isLonger(bytes: Uint8Array, start: number, end: number, limit: number): boolean {
  let count = 0;
  for (let at = start; at < end; at++) if (((bytes[at] as number) & 0xc0) !== 0x80 && ++count > limit) return true;
  return false;
}
