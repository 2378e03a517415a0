/** The two folders of a job as their users see them: what is there, and how it is changed by somebody who is not Ferry. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isTemporary } from '../../../../src/model/index.ts';
import type { MemoryDisk, Node } from './memory-disk.ts';

/** A file's content, `null` for a directory, or where a link leads. */
export type Thing = string | null | { readonly link: string };

/** Everything on one side, by path; Ferry's own files are told apart. */
export interface Picture {
  readonly things: ReadonlyMap<string, Thing>;
  /** Paths of temporary files. */
  readonly temporary: readonly string[];
  /** What is in files of Ferry's own folder: kept versions among them. */
  readonly own: readonly string[];
}

/** One folder. Paths are relative to it; every directory above a path that is written must be there. */
export interface Folder {
  picture(): Picture;
  /** What is at a path, links not followed. */
  at(path: string): Thing | undefined;
  /** In place where a file is there already. `mtime` in ms. */
  write(path: string, content: string, mtime: number): void;
  touch(path: string, mtime: number): void;
  /** With all that is in it. */
  remove(path: string): void;
  mkdir(path: string): void;
  /** The target is free. */
  rename(from: string, to: string): void;
  link(path: string, target: string): void;
}

const OWN = '.ferry';

function pictureOf(walk: (visit: (path: string, thing: Thing) => void) => void): Picture {
  const things = new Map<string, Thing>();
  const temporary: string[] = [];
  const own: string[] = [];
  walk((path, thing) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (path === OWN || path.startsWith(`${OWN}/`)) {
      if (typeof thing === 'string') own.push(thing);
    } else if (isTemporary(name) && thing !== null) temporary.push(path);
    else things.set(path, thing);
  });
  return { things, temporary, own };
}

export class LocalFolder implements Folder {
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
    mkdirSync(root, { recursive: true });
  }

  picture(): Picture {
    return pictureOf((visit) => {
      const walk = (below: string) => {
        for (const name of readdirSync(join(this.root, below)).sort()) {
          const path = below === '' ? name : `${below}/${name}`;
          const thing = this.at(path)!;
          visit(path, thing);
          if (thing === null) walk(path);
        }
      };
      walk('');
    });
  }

  at(path: string): Thing | undefined {
    const file = join(this.root, path);
    const stats = statsOf(file);
    if (!stats) return undefined;
    if (stats.isDirectory()) return null;
    return stats.isSymbolicLink() ? { link: readlinkSync(file) } : readFileSync(file, 'latin1');
  }

  write(path: string, content: string, mtime: number): void {
    writeFileSync(join(this.root, path), content, 'latin1');
    this.touch(path, mtime);
  }

  touch(path: string, mtime: number): void {
    utimesSync(join(this.root, path), mtime / 1000, mtime / 1000);
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true, force: true });
  }

  mkdir(path: string): void {
    mkdirSync(join(this.root, path));
  }

  rename(from: string, to: string): void {
    renameSync(join(this.root, from), join(this.root, to));
  }

  link(path: string, target: string): void {
    symlinkSync(target, join(this.root, path));
  }
}

/** Undefined also where a file is on the way. */
function statsOf(file: string): Stats | undefined {
  try {
    return lstatSync(file);
  } catch {
    return undefined;
  }
}

/** A folder on a disk in memory. */
export class RemoteFolder implements Folder {
  private readonly disk: MemoryDisk;
  private readonly root: string;

  constructor(disk: MemoryDisk, root: string) {
    this.disk = disk;
    this.root = root;
    disk.put(root, disk.directory());
  }

  picture(): Picture {
    return pictureOf((visit) => {
      const walk = (node: Node | undefined, below: string) => {
        if (node?.kind !== 'directory') return;
        for (const [name, child] of [...node.children].sort(([a], [b]) => (a < b ? -1 : 1))) {
          const shown = Buffer.from(name, 'latin1').toString();
          const path = below === '' ? shown : `${below}/${shown}`;
          visit(path, thingOf(child));
          walk(child, path);
        }
      };
      walk(this.disk.find(this.root), '');
    });
  }

  at(path: string): Thing | undefined {
    const node = this.disk.find(this.real(path));
    return node && thingOf(node);
  }

  write(path: string, content: string, mtime: number): void {
    const there = this.disk.find(this.real(path));
    const bytes = Buffer.from(content, 'latin1');
    if (there?.kind === 'file') Object.assign(there, { bytes, mtime });
    else this.disk.put(this.real(path), this.disk.file(bytes, mtime));
  }

  touch(path: string, mtime: number): void {
    this.disk.find(this.real(path))!.mtime = mtime;
  }

  remove(path: string): void {
    this.disk.take(this.real(path));
  }

  mkdir(path: string): void {
    this.disk.put(this.real(path), this.disk.directory());
  }

  rename(from: string, to: string): void {
    this.disk.put(this.real(to), this.disk.take(this.real(from))!);
  }

  link(path: string, target: string): void {
    this.disk.put(this.real(path), this.disk.link(target));
  }

  private real(path: string): string {
    return `${this.root}/${Buffer.from(path).toString('latin1')}`;
  }
}

/** A disk in memory never changes bytes, it replaces them. */
const texts = new WeakMap<Buffer, string>();

function thingOf(node: Node): Thing {
  if (node.kind === 'directory') return null;
  if (node.kind === 'link') return { link: node.target };
  let text = texts.get(node.bytes);
  if (text === undefined) texts.set(node.bytes, (text = node.bytes.toString('latin1')));
  return text;
}

export function isFile(thing: Thing | undefined): thing is string {
  return typeof thing === 'string';
}

/** The paths above a path, the nearest last. */
export function above(path: string): string[] {
  const names = path.split('/');
  return names.slice(0, -1).map((_, index) => names.slice(0, index + 1).join('/'));
}

export function isBelow(path: string, other: string): boolean {
  return path.startsWith(`${other}/`);
}

/** Two pictures of one folder, told apart in a few words. */
export function changes(before: Picture, after: Picture): string[] {
  const found: string[] = [];
  for (const path of new Set([...before.things.keys(), ...after.things.keys()])) {
    const [was, is] = [before.things.get(path), after.things.get(path)];
    if (JSON.stringify(was) !== JSON.stringify(is)) found.push(path);
  }
  return found;
}
