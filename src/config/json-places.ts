/**
 * Finds where in a JSON text each key stands, and where the text stops being JSON: `JSON.parse` knows neither lines nor
 * keys that are there twice.
 */

export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

export interface JsonPlaces {
  /** By path, such as `jobs.site.include[2]`; `''` is the whole. */
  readonly places: ReadonlyMap<string, Place>;
  /** Keys that cannot be used: there twice, or `__proto__`. */
  readonly refused: readonly { readonly path: string; readonly place: Place; readonly why: string }[];
  /** Where and why this is not JSON. */
  readonly fault?: { readonly place: Place; readonly why: string };
}

const DEEPEST = 64;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const SPACE = /[ \t\r\n]*/y;

class Fault extends Error {}

/** The path of a key below another path. */
export function pathOf(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((path, key) => below(path, key), '');
}

function below(path: string, key: PropertyKey): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? String(key) : `${path}.${String(key)}`;
}

export function jsonPlaces(text: string): JsonPlaces {
  const places = new Map<string, Place>();
  const refused: { path: string; place: Place; why: string }[] = [];
  let at = 0;

  const here = (): Place => {
    const before = text.slice(0, at);
    return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
  };
  const take = (token: RegExp): string | undefined => {
    token.lastIndex = at;
    const found = token.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const skipTo = (character: string): boolean => {
    take(SPACE);
    if (text[at] !== character) return false;
    at++;
    take(SPACE);
    return true;
  };
  const wanted = (what: string): Fault => {
    const found = text[at];
    if (found === undefined) return new Fault(`the text ends here, wanted ${what}`);
    if (found === '/' || found === '#') return new Fault('comments are not part of JSON');
    return new Fault(`found ${JSON.stringify(found)}, wanted ${what}`);
  };

  const value = (path: string, depth: number): void => {
    if (depth > DEEPEST) throw new Fault('nested too deeply');
    if (!places.has(path)) places.set(path, here());
    if (skipTo('{')) members(path, depth);
    else if (skipTo('[')) items(path, depth);
    else if (take(text[at] === '"' ? STRING : SCALAR) === undefined) throw wanted('a value');
  };
  const members = (path: string, depth: number): void => {
    if (skipTo('}')) return;
    const seen = new Set<string>();
    do {
      const place = here();
      const quoted = take(STRING);
      if (quoted === undefined)
        throw text[at] === '}' ? new Fault('a comma after the last entry is not part of JSON') : wanted('a key in "…"');
      const key: string = JSON.parse(quoted);
      const keyPath = below(path, key);
      if (key === '__proto__') refused.push({ path: keyPath, place, why: 'this key is not allowed' });
      else if (seen.has(key)) refused.push({ path: keyPath, place, why: 'this key is there twice' });
      else places.set(keyPath, place);
      seen.add(key);
      if (!skipTo(':')) throw wanted('":"');
      value(keyPath, depth + 1);
    } while (skipTo(','));
    if (!skipTo('}')) throw wanted('"," or "}"');
  };
  const items = (path: string, depth: number): void => {
    if (skipTo(']')) return;
    let index = 0;
    do {
      if (text[at] === ']') throw new Fault('a comma after the last entry is not part of JSON');
      value(below(path, index++), depth + 1);
    } while (skipTo(','));
    if (!skipTo(']')) throw wanted('"," or "]"');
  };

  try {
    take(SPACE);
    value('', 0);
    take(SPACE);
    if (at < text.length) throw wanted('nothing more');
    return { places, refused };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { places, refused, fault: { place: here(), why: error.message } };
  }
}
