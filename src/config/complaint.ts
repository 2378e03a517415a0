/** Turns what zod found wrong into sentences: which key, what was found, what was wanted, which key was meant. */
import type { z } from 'zod';
import { pathOf } from './json-places.ts';
import { jsonSchema } from './json-schema.ts';
import { didYouMean } from './nearest.ts';

export interface Complaint {
  /** Such as `jobs.site.exlude`. */
  readonly path: string;
  readonly what: string;
}

type Issue = z.core.$ZodIssue;
type Node = { readonly [key: string]: unknown };

/** The words for what a key wants where the schema does not say them itself; for `safeParse`. */
export function wanted(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return issue.origin === 'array' ? `at least ${issue.minimum} of them` : `${issue.minimum} or more`;
    case 'too_big':
      return `${issue.maximum} or less`;
    default:
      return undefined;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** Every complaint about a configuration, in the order of its keys in the schema. */
export function complaints(issues: readonly Issue[], root: unknown): Complaint[] {
  const withUnknownKeys = new Set(issues.filter((i) => i.code === 'unrecognized_keys').map((i) => pathOf(i.path)));
  return issues.flatMap((issue): Complaint[] => {
    const path = pathOf(issue.path);
    switch (issue.code) {
      case 'unrecognized_keys':
        // `__proto__` is refused where the text is read.
        return issue.keys
          .filter((key) => key !== '__proto__')
          .map((key) => ({
            path: pathOf([...issue.path, key]),
            what: `unknown key${didYouMean(key, keysAt(issue.path))}`,
          }));
      case 'invalid_key':
        return [{ path, what: `this cannot be a name; wanted ${issue.issues[0]?.message}` }];
      case 'custom':
        // What is wrong with an object as a whole follows from its unknown keys.
        return withUnknownKeys.has(path) ? [] : [{ path, what: issue.message }];
      default: {
        const found = valueAt(root, issue.path);
        if (found === undefined) return [{ path, what: `missing; wanted ${issue.message}` }];
        const secret = ['password', 'passphrase', 'proxy'].some((key) => issue.path.includes(key));
        const shown = secret ? kindOf(found) : brief(found);
        return [{ path, what: `found ${shown}, wanted ${issue.message}` }];
      }
    }
  });
}

/** The keys that are valid at a place, from the published schema. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let nodes: Node[] = [jsonSchema()];
  const flat = () => nodes.flatMap((node) => (node.anyOf as Node[] | undefined) ?? [node]);
  for (const key of path)
    nodes = flat()
      .map((node) => (node.properties as Node | undefined)?.[String(key)] ?? node.additionalProperties ?? node.items)
      .filter((node): node is Node => typeof node === 'object' && node !== null);
  return flat().flatMap((node) => Object.keys((node.properties as Node | undefined) ?? {}));
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'text' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function brief(value: unknown): string {
  if (typeof value === 'object' && value !== null) return kindOf(value);
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
