/** One word of a pattern: what it matches, and what it is called where it matches but itself. Pure. */

const SPECIAL = /[\\^$.*+?()[\]{}|/]/g;
const SPECIAL_IN_SET = /[\\^[\]-]/g;

/** What a word with a wildcard matches; undefined for a word without. A name with a dot at its front wants to be named. */
export function matcher(word: string): ((name: string) => boolean) | undefined {
  let source = '';
  let wild = false;
  for (let at = 0; at < word.length; at++) {
    const character = word[at]!;
    if (character === '\\' && at + 1 < word.length) {
      at++;
      source += word[at]!.replace(SPECIAL, '\\$&');
    } else if (character === '*' || character === '?') {
      wild = true;
      source += character === '*' ? '.*' : '.';
    } else if (character === '[') {
      const set = setAt(word, at);
      if (set) {
        wild = true;
        source += set.source;
        at = set.end;
      } else source += '\\[';
    } else source += character.replace(SPECIAL, '\\$&');
  }
  if (!wild) return undefined;
  const pattern = new RegExp(`^${source}$`, 'su');
  const shy = !/^\\?\./.test(word);
  return (name) => pattern.test(name) && !(shy && name.startsWith('.'));
}

/** The name that a word is, its backslashes taken away. */
export function literalName(word: string): string {
  return word.replace(/\\([\s\S])/g, '$1');
}

/** `[abc]`, `[a-z]`, `[!abc]`; a bracket right after the opening one belongs to the set. Undefined where none closes it. */
function setAt(word: string, start: number): { source: string; end: number } | undefined {
  let at = start + 1;
  const not = word[at] === '!' || word[at] === '^';
  if (not) at++;
  let body = '';
  for (const first = at; at < word.length; at++) {
    const character = word[at]!;
    if (character === ']' && at > first) {
      const source = `[${not ? '^' : ''}${body}]`;
      try {
        new RegExp(source, 'u');
        return { source, end: at };
      } catch {
        return undefined; // a range that runs backwards
      }
    }
    if (character === '\\' && at + 1 < word.length) body += word[++at]!.replace(SPECIAL_IN_SET, '\\$&');
    else
      body += character === '-' && at > first && word[at + 1] !== ']' ? '-' : character.replace(SPECIAL_IN_SET, '\\$&');
  }
  return undefined;
}
