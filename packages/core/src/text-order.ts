/** The order of ids and names: that of their UTF-8 bytes, which is the order of code points and not that of JavaScript's strings. */

/** Moves surrogates above every other UTF-16 unit, so that units compare as code points do. */
const weight = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Whether a text is compared with any other in JavaScript's own order, which is quicker: it has no surrogates, nor what lies above them. */
export const isPlain = (text: string): boolean => !HIGH.test(text);

const HIGH = /[\ud800-\uffff]/;

/** As `compareText`, where one of the two is plain. */
export const comparePlain = (a: string, b: string): number => (a < b ? -1 : a === b ? 0 : 1);

/** Negative, 0 or positive as `a` comes before, with or after `b` in byte order. */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return weight(left) - weight(right);
  }
  return a.length - b.length;
}
