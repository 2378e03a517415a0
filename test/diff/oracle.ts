/**
 * What one-way runs must come to, said once more and differently: over whole trees at once, without listings, stamps or
 * provisional steps. Slow and plain, for comparison.
 */
import type { DecideOptions } from '../../src/diff/index.ts';
import { joinPath, type RelPath, ROOT } from '../../src/model/index.ts';
import type { DirectoryNode, FileNode, Node, SpecialNode } from './tree.ts';

export interface Known {
  readonly kind: 'file' | 'directory';
  /** Whether that side is still exactly as it was when both agreed. */
  readonly unmoved: { readonly source: boolean; readonly destination: boolean };
}

export interface Question {
  readonly source: DirectoryNode;
  readonly destination: DirectoryNode;
  readonly known: ReadonlyMap<RelPath, Known>;
  readonly inScope: (path: RelPath, kind: Node['kind']) => boolean;
  /** Whether a directory is more than the way to what `include` asks for. */
  readonly wanted: (path: RelPath) => boolean;
  readonly rules: Pick<DecideOptions, 'delete' | 'drift'>;
  /** Whether two files that nothing is known of pass for the same. */
  readonly same: (path: RelPath, source: FileNode, destination: FileNode) => boolean;
}

/** The destination as it should be afterwards. */
export function expected(question: Question): DirectoryNode {
  return merged(question, question.source, question.destination, ROOT) as DirectoryNode;
}

function merged(q: Question, from: Node | undefined, to: Node | undefined, path: RelPath): Node | undefined {
  const source = from && q.inScope(path, from.kind) ? from : undefined;
  if (to && !q.inScope(path, to.kind)) return to;
  if (isSpecial(source) || isSpecial(to)) return to;
  if (!source) return to && (to.kind === 'file' ? leftFile(q, to, path) : leftDirectory(q, to, path));
  if (!to) return source.kind === 'file' ? source : made(q, source, path);
  if (source.kind === 'file' && to.kind === 'file') return both(q, source, to, path);
  if (source.kind === 'directory' && to.kind === 'directory') return within(q, source, to, path);
  return swapped(q, source, to, path);
}

function isSpecial(node: Node | undefined): node is SpecialNode {
  return node?.kind === 'link' || node?.kind === 'other';
}

function made(q: Question, source: DirectoryNode, path: RelPath): Node | undefined {
  const whole = within(q, source, undefined, path);
  return q.wanted(path) || whole.children.size > 0 ? whole : undefined;
}

function within(q: Question, source: DirectoryNode, to: DirectoryNode | undefined, path: RelPath): DirectoryNode {
  const names = new Set([...source.children.keys(), ...(to?.children.keys() ?? [])]);
  const children = new Map<string, Node>();
  for (const name of names) {
    const child = merged(q, source.children.get(name), to?.children.get(name), joinPath(path, name));
    if (child) children.set(name, child);
  }
  return { kind: 'directory', children };
}

function both(q: Question, source: FileNode, to: FileNode, path: RelPath): Node {
  const known = q.known.get(path);
  if (known?.kind !== 'file') return q.same(path, source, to) ? to : source;
  if (known.unmoved.source && known.unmoved.destination) return to;
  const drifted = known.unmoved.source && !known.unmoved.destination;
  return drifted && q.rules.drift !== 'overwrite' ? to : source;
}

function leftFile(q: Question, to: FileNode, path: RelPath): Node | undefined {
  const known = q.known.get(path);
  const tracked = known?.kind === 'file' && known.unmoved.destination;
  return q.rules.delete === 'all' || (q.rules.delete === 'tracked' && tracked) ? undefined : to;
}

function leftDirectory(q: Question, to: DirectoryNode, path: RelPath): Node | undefined {
  const tracked = q.known.get(path)?.kind === 'directory';
  if (q.rules.delete === 'none' || (q.rules.delete === 'tracked' && !tracked)) return to;
  if (!tracked && !q.wanted(path)) return emptied(q, to, path) ?? { kind: 'directory', children: new Map() };
  return emptied(q, to, path);
}

/** A directory without what may go from it; undefined when that is all. */
function emptied(q: Question, to: DirectoryNode, path: RelPath): DirectoryNode | undefined {
  const left = within(q, { kind: 'directory', children: new Map() }, to, path);
  return left.children.size === 0 ? undefined : left;
}

function swapped(q: Question, source: Node, to: Node, path: RelPath): Node {
  const known = q.known.get(path);
  const sourceStill = known?.kind === source.kind && (source.kind === 'directory' || known.unmoved.source);
  if (sourceStill && q.rules.drift !== 'overwrite') return to;
  if (to.kind === 'directory') return emptied(q, to, path) === undefined ? source : to;
  return within(q, source as DirectoryNode, undefined, path);
}
