// Shell patterns in LIST and NLST: `*`, `?` and `[...]` in the last part of a path.

type Piece = '*' | ((character: string) => boolean);

/** Whether a whole name matches; a leading dot must be written out, as in a shell. */
export type NamePattern = (name: string) => boolean;

/**
 * A pattern, ready to be asked. Its time grows with the lengths of name and pattern multiplied, whatever they are: a client must
 * not be able to keep the server busy with `*a*a*a*a*b`, as it could a regular expression.
 */
export function globPattern(glob: string): NamePattern {
  const pieces = piecesOf(glob);
  const hidden = glob.startsWith('.');
  return (name) => (hidden || !name.startsWith('.')) && matches(pieces, name);
}

// Of several stars only the last one passed is ever tried again.
function matches(pieces: readonly Piece[], name: string): boolean {
  let [at, in_] = [0, 0];
  let star = -1;
  let starIn = 0;
  while (in_ < name.length) {
    const piece = pieces[at];
    if (piece === '*') {
      star = at++;
      starIn = in_;
    } else if (piece?.(name[in_]!)) {
      at++;
      in_++;
    } else if (star >= 0) {
      at = star + 1;
      in_ = ++starIn;
    } else {
      return false;
    }
  }
  return pieces.slice(at).every((piece) => piece === '*');
}

function piecesOf(glob: string): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at]!;
    const close = character === '[' ? glob.indexOf(']', at + 2) : -1;
    const set = close > 0 ? setOf(glob.slice(at + 1, close)) : undefined;
    if (character === '*') {
      if (pieces.at(-1) !== '*') pieces.push('*');
    } else if (character === '?') {
      pieces.push(() => true);
    } else if (set !== undefined) {
      pieces.push(set);
      at = close;
    } else {
      pieces.push((one) => one === character);
    }
  }
  return pieces;
}

// `a-cx`, `!0-9`; undefined where a range runs backwards: then the bracket is a bracket.
function setOf(inner: string): ((character: string) => boolean) | undefined {
  const negated = /^[!^]/.test(inner);
  const text = negated ? inner.slice(1) : inner;
  const ranges: [string, string][] = [];
  for (let at = 0; at < text.length; at++) {
    const range = text[at + 1] === '-' && at + 2 < text.length;
    const [from, to] = [text[at]!, text[range ? at + 2 : at]!];
    if (from > to) return undefined;
    ranges.push([from, to]);
    if (range) at += 2;
  }
  if (ranges.length === 0) return undefined;
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== negated;
}
