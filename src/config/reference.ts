/** The tables of `docs/configuration.md`: every key of the configuration in the words of its schema. */

type Node = {
  readonly [key: string]: unknown;
  readonly description?: string;
  readonly properties?: { readonly [key: string]: Node };
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly enum?: readonly unknown[];
};

/** What these can be is said by their description. */
const WHOLE = new Set(['password', 'passphrase']);

/**
 * The page with its tables made anew: what stands between `<!-- keys of PATH -->` and `<!-- end -->` becomes the table of
 * what is at that place of the schema, such as `servers.*`. Throws where there is no such place.
 */
export function withReference(page: string, schema: Node): string {
  return page.replaceAll(/(<!-- keys of (\S+) -->\n).*?(?=<!-- end -->)/gs, (_, mark: string, path: string) => {
    const rows = rowsOf(nodeAt(schema, path.split('.')), '');
    return `${mark}| key | what it is |\n| --- | --- |\n${rows.join('\n')}\n`;
  });
}

function nodeAt(node: Node, [key, ...rest]: readonly string[]): Node {
  if (key === undefined) return node;
  const next = key === '*' ? node.additionalProperties : node.properties?.[key];
  if (typeof next !== 'object') throw new RangeError(`the schema has no ${key}`);
  return nodeAt(next, rest);
}

function rowsOf(node: Node, above: string): string[] {
  const told = new Set(['']);
  const own = Object.entries(node.properties ?? {}).flatMap(([key, below]) => {
    const row = `| \`${above}${key}\` | ${cell(`${below.description ?? ''}${choiceOf(below)}`)} |`;
    // What the keys of one object have in common is told at the first of them.
    const inside = rowsOf(below, '').join('\n');
    if (WHOLE.has(key) || told.has(inside)) return [row];
    told.add(inside);
    return [row, ...rowsOf(below, `${above}${key}.`)];
  });
  const named = typeof node.additionalProperties === 'object' ? rowsOf(node.additionalProperties, `${above}NAME.`) : [];
  const inner = [...(node.anyOf ?? []), ...(node.items ? [node.items] : [])].flatMap((one) => rowsOf(one, above));
  // An object and a list of such have the same keys.
  return [...new Set([...own, ...named, ...inner])];
}

/** The words that a key takes, where they are words of their own. */
function choiceOf({ enum: words, anyOf = [] }: Node): string {
  const all = words ?? anyOf.flatMap((one) => one.enum ?? []);
  return all.length === 0 ? '' : ` (${all.map((word) => `\`${word}\``).join(', ')})`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
