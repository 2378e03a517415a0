/** Trees drawn as literals: `{ 'a.txt': 'content', folder: { b: 'more' }, l: link() }`, and what can be done to them. */
import { type Entry, joinPath, nameOf, parentOf, type RelPath, ROOT, type Side } from '../../src/model/index.ts';

export interface FileNode {
  readonly kind: 'file';
  readonly content: string;
  /** ms, UTC. */
  readonly mtime: number;
  /** Stands for the inode: another one for every file that was written. */
  readonly id: number;
}
export interface SpecialNode {
  readonly kind: 'link' | 'other';
}
export interface DirectoryNode {
  readonly kind: 'directory';
  readonly children: Map<string, Node>;
}
export type Node = FileNode | SpecialNode | DirectoryNode;

export interface Drawing {
  readonly [name: string]: string | FileNode | SpecialNode | Drawing;
}

export const EPOCH = Date.UTC(2024, 0, 1);
let ids = 0;

/** A file whose time is so many minutes after the start of 2024. */
export function file(content: string, minute = 0): FileNode {
  return { kind: 'file', content, mtime: EPOCH + minute * 60_000, id: ++ids };
}
export const link = (): SpecialNode => ({ kind: 'link' });
export const special = (): SpecialNode => ({ kind: 'other' });

export function grow(drawing: Drawing): DirectoryNode {
  const children = new Map<string, Node>();
  for (const [name, value] of Object.entries(drawing)) {
    if (typeof value === 'string') children.set(name, file(value));
    else if ('kind' in value && typeof value.kind === 'string') children.set(name, value as FileNode | SpecialNode);
    else children.set(name, grow(value as Drawing));
  }
  return { kind: 'directory', children };
}

/** The drawing of a tree, for comparison: contents only. */
export function draw(node: Node | null): unknown {
  if (!node) return null;
  if (node.kind === 'file') return node.content;
  if (node.kind !== 'directory') return `<${node.kind}>`;
  return Object.fromEntries(
    [...node.children].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, child]) => [name, draw(child)]),
  );
}

export function copy<T extends Node | null>(node: T): T {
  if (node?.kind !== 'directory') return node;
  return { kind: 'directory', children: new Map([...node.children].map(([name, child]) => [name, copy(child)])) } as T;
}

export function find(root: DirectoryNode | null, path: RelPath): Node | undefined {
  if (!root || path === ROOT) return root ?? undefined;
  let at: Node | undefined = root;
  for (const name of path.split('/')) at = at?.kind === 'directory' ? at.children.get(name) : undefined;
  return at;
}

export function directoryAt(root: DirectoryNode | null, path: RelPath): DirectoryNode {
  const node = find(root, path);
  if (node?.kind !== 'directory') throw new Error(`no directory ${path}`);
  return node;
}

export function put(root: DirectoryNode, path: RelPath, node: Node): void {
  directoryAt(root, parentOf(path)).children.set(nameOf(path), node);
}

export function drop(root: DirectoryNode, path: RelPath): void {
  if (!directoryAt(root, parentOf(path)).children.delete(nameOf(path))) throw new Error(`nothing at ${path}`);
}

/** Every path below a node, with what is there. */
export function* everything(node: Node | null | undefined, at: RelPath = ROOT): Generator<[RelPath, Node]> {
  if (node?.kind !== 'directory') return;
  for (const [name, child] of node.children) {
    const path = joinPath(at, name);
    yield [path, child];
    yield* everything(child, path);
  }
}

export function* filesIn(node: Node | null): Generator<[RelPath, FileNode]> {
  for (const [path, child] of everything(node)) if (child.kind === 'file') yield [path, child];
}

/** How a server's clock shows in its listings. */
export type Clock = 'mlsd' | 'list' | 'list with a known zone' | 'none';

/** A node as a listing would report it. */
export function entryOf(path: RelPath, node: Node, side: Side, clock: Clock): Entry {
  if (node.kind !== 'file')
    return { path, kind: node.kind, size: null, mtime: null, precision: 1, zoned: false, stamps: {} };
  const facts = { path, kind: node.kind, size: node.content.length } as const;
  const { mtime, id } = node;
  if (side === 'local') return { ...facts, mtime, precision: 1, zoned: true, stamps: { stat: `${mtime}:${id}` } };
  const seconds = Math.floor(mtime / 1_000) * 1_000;
  const minutes = Math.floor(mtime / 60_000) * 60_000;
  const list = new Date(minutes + 3 * 3_600_000).toISOString().slice(0, 16);
  switch (clock) {
    case 'mlsd':
      return { ...facts, mtime: seconds, precision: 1_000, zoned: true, stamps: { mlst: `${seconds}` } };
    case 'list':
      return { ...facts, mtime: minutes + 3 * 3_600_000, precision: 60_000, zoned: false, stamps: { list } };
    case 'list with a known zone':
      return { ...facts, mtime: minutes, precision: 60_000, zoned: true, stamps: { list } };
    case 'none':
      return { ...facts, mtime: null, precision: 1, zoned: false, stamps: {} };
  }
}
