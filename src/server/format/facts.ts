// The facts of MLSD and MLST (RFC 3659, 7).
import type { Stats } from 'node:fs';
import { formatTime } from './time.ts';

export const allFacts = ['type', 'size', 'modify', 'perm', 'unique', 'UNIX.mode'] as const;
export type Fact = (typeof allFacts)[number];

export interface FactSource {
  readonly stats: Stats;
  /** The user's permission letters for this path. */
  readonly permissions: string;
  /** ms since 1970 as the server tells it. */
  readonly mtime: number;
  readonly fractions: boolean;
  /** A link's text, when it may be shown. */
  readonly link: string | undefined;
}

/** `type=file;size=1;...;` without the space and the name. */
export function formatFacts(source: FactSource, facts: ReadonlySet<Fact>): string {
  const { stats } = source;
  let text = '';
  if (facts.has('type')) text += `type=${typeOf(source)};`;
  if (facts.has('size') && stats.isFile()) text += `size=${stats.size};`;
  if (facts.has('modify')) text += `modify=${formatTime(source.mtime, source.fractions)};`;
  if (facts.has('perm')) text += `perm=${permOf(stats, source.permissions)};`;
  if (facts.has('unique')) text += `unique=${stats.dev.toString(16)}g${stats.ino.toString(16)};`;
  if (facts.has('UNIX.mode')) text += `UNIX.mode=0${(stats.mode & 0o7777).toString(8).padStart(3, '0')};`;
  return text;
}

function typeOf({ stats, link }: FactSource): string {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'dir';
  if (stats.isSymbolicLink()) return link === undefined ? 'OS.unix=symlink' : `OS.unix=slink:${link}`;
  return 'OS.unix=other';
}

// RFC 3659, 7.5.5: what this user may do with it, in that section's letters.
function permOf(stats: Stats, permissions: string): string {
  const letters: readonly (readonly [string, string])[] = stats.isDirectory()
    ? [
        ['c', 'w'],
        ['d', 'd'],
        ['e', 'e'],
        ['f', 'f'],
        ['l', 'l'],
        ['m', 'm'],
        ['p', 'd'],
      ]
    : [
        ['a', 'a'],
        ['d', 'd'],
        ['f', 'f'],
        ['r', 'r'],
        ['w', 'w'],
      ];
  return letters.map(([letter, permission]) => (permissions.includes(permission) ? letter : '')).join('');
}

/** The facts of OPTS MLST, `type;size;`: those known among those asked for (RFC 3659, 7.9). */
export function chooseFacts(argument: string): Set<Fact> {
  const wanted = new Set(argument.split(';').map((name) => name.trim().toLowerCase()));
  return new Set(allFacts.filter((fact) => wanted.has(fact.toLowerCase())));
}
