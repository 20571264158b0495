/** What a group, or the whole pattern, adds up to so far. */
interface Group {
  size: number;
  /** The size of the last atom, which a repetition repeats. */
  last: number;
}

/** Escapes that take a name or number in braces. */
const NAMED_ESCAPE = /\\[pPx]\{[^}]*\}/y;
const QUOTED = /\\Q(?:(?!\\E)[\s\S])*(?:\\E|$)/y;
/** A class: a bracket right at its beginning is itself, and so is what is escaped; `[:alpha:]` may be inside. */
const CLASS = /\[\^?\]?(?:\[:\^?[a-z]+:\]|\\[\s\S]|[^\]\\])*\]/y;
const GROUP = /\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:?))?/y;
const REPEAT = /\{([0-9]+)(?:(,)([0-9]*))?\}/y;

/**
 * About how many instructions a pattern becomes, told from its text in time linear in it: what would be large is refused before it is
 * compiled. Never much too small; the compiled size is judged too.
 */
export function estimatedSize(pattern: string): number {
  const groups: Group[] = [{ size: 0, last: 0 }];
  let at = 0;
  const take = (form: RegExp): RegExpExecArray | null => {
    form.lastIndex = at;
    const found = form.exec(pattern);
    if (found !== null) at = form.lastIndex;
    return found;
  };
  while (at < pattern.length) {
    const group = groups.at(-1) as Group;
    const unit = pattern[at] as string;
    const repeat = unit === "{" ? take(REPEAT) : null;
    if (repeat !== null) growLast(group, repeatedSize(group.last, repeat));
    else if (unit === "(" && take(GROUP) !== null) groups.push({ size: 0, last: 0 });
    else if (unit === ")" && groups.length > 1) {
      at++;
      groups.pop();
      addAtom(groups.at(-1) as Group, group.size + 2);
    } else if (unit === "*" || unit === "+" || unit === "?") {
      at++;
      growLast(group, group.last + 1);
    } else {
      const quoted = unit === "\\" ? take(QUOTED) : null;
      if (quoted === null && take(unit === "[" ? CLASS : NAMED_ESCAPE) === null) at += unit === "\\" ? 2 : 1;
      addAtom(group, quoted?.[0].length ?? 1);
    }
  }
  return groups.reduce((size, group) => size + group.size, 0);
}

function repeatedSize(size: number, [, least, comma, most]: RegExpExecArray): number {
  const times = most ? Math.max(Number(least), Number(most)) : Number(least) + (comma ? 1 : 0);
  // What may be left out is branched over.
  return size * Math.max(1, times) + (most ? times : 1);
}

function addAtom(group: Group, size: number): void {
  group.size += size;
  group.last = size;
}

function growLast(group: Group, size: number): void {
  group.size += size - group.last;
  group.last = size;
}
