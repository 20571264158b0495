/**
 * What large messages leave behind. V8 counts the bytes of buffers against the whole heap: after some dozens of megabytes it looks at everything
 * that there is, for tens of milliseconds and with a large heap for hundreds, though a message's buffers are young and a look at what is young
 * finds them in one. So that look comes first.
 */

/** What is smaller leaves little, and is collected with the objects around it. */
const LARGE_BYTES = 4_096;

/** So many bytes of large messages leave about three times as many behind. Twice this is too much on a busy machine: V8 is sometimes quicker. */
export const COLLECTED_AFTER_BYTES = 4 * 1024 * 1024;

/** Told of the length of each message that was made or taken apart. */
export type Large = (bytes: number) => void;

/** Has what is young collected after every so many bytes of large messages; nothing, where nobody can. */
export function largeMessages(collectYoung: (() => void) | undefined): Large {
  if (collectYoung === undefined) return () => {};
  let left = COLLECTED_AFTER_BYTES;
  return (bytes) => {
    if (bytes < LARGE_BYTES) return;
    left -= bytes;
    if (left > 0) return;
    left = COLLECTED_AFTER_BYTES;
    collectYoung();
  };
}
