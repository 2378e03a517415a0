/**
 * A disk in memory for our FTP server: the port `FileSystem` with the errors that a real one gives, a clock of its own,
 * and a plain view of what is on it. Names are kept as the server gives them, one character a byte.
 */
import { constants, type Stats } from 'node:fs';
import type { FileSystem, OpenFile } from '../../../../src/server/index.ts';

export interface FileNode {
  readonly kind: 'file';
  bytes: Buffer;
  mtime: number;
  mode: number;
  readonly ino: number;
}

export interface DirectoryNode {
  readonly kind: 'directory';
  readonly children: Map<string, Node>;
  mtime: number;
  mode: number;
  readonly ino: number;
}

export interface LinkNode {
  readonly kind: 'link';
  readonly target: string;
  mtime: number;
  readonly ino: number;
}

export type Node = FileNode | DirectoryNode | LinkNode;

const TYPE = { file: 0o100000, directory: 0o040000, link: 0o120000 };
const MOST_LINKS = 8;

type NativePath = Parameters<FileSystem['lstat']>[0];

function errno(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: '${path}'`), { code });
}

/** What is done to bytes on their way, and to names: a disk, or a server, that does not do as it says. */
export interface Deceit {
  /** Bytes of each file that are read back before it pretends to be at its end. */
  readonly readsOnly?: number;
  /** Bytes of each file that are kept of what is written. */
  readonly writesOnly?: number;
  /**
   * Whether a name is left out of listings. A link never is: what a server says is a directory and is none, nobody can
   * know, and what is written into it goes elsewhere.
   */
  readonly hides?: (name: string, index: number) => boolean;
}

export class MemoryDisk {
  readonly root: DirectoryNode;
  deceit: Deceit = {};
  /** Now, ms since the epoch. */
  private readonly now: () => number;
  private inodes = 1;

  constructor(now: () => number) {
    this.now = now;
    this.root = this.directory();
  }

  file(bytes: Buffer, mtime = this.now()): FileNode {
    return { kind: 'file', bytes, mtime, mode: 0o644, ino: this.inodes++ };
  }

  directory(): DirectoryNode {
    return { kind: 'directory', children: new Map(), mtime: this.now(), mode: 0o755, ino: this.inodes++ };
  }

  link(target: string): LinkNode {
    return { kind: 'link', target, mtime: this.now(), ino: this.inodes++ };
  }

  /** What is at a path; links on the way are followed, the last name is not. Undefined where nothing is. */
  find(path: string): Node | undefined {
    try {
      return this.at(path);
    } catch {
      return undefined;
    }
  }

  /** Puts something under a name whose directory is there, whatever it was before. */
  put(path: string, node: Node): void {
    const [parent, name] = this.parentOf(path);
    parent.children.set(name, node);
    parent.mtime = this.now();
  }

  take(path: string): Node | undefined {
    const [parent, name] = this.parentOf(path);
    const node = parent.children.get(name);
    parent.children.delete(name);
    parent.mtime = this.now();
    return node;
  }

  private at(path: string): Node {
    let node: Node = this.root;
    for (const name of this.plain(path, false)) {
      if (node.kind !== 'directory') throw errno('ENOTDIR', path);
      const child: Node | undefined = node.children.get(name);
      if (!child) throw errno('ENOENT', path);
      node = child;
    }
    return node;
  }

  private parentOf(path: string): [DirectoryNode, string] {
    const names = this.plain(path, false);
    const name = names.pop();
    if (name === undefined) throw errno('EINVAL', path);
    const parent = this.at(`/${names.join('/')}`);
    if (parent.kind !== 'directory') throw errno('ENOTDIR', path);
    return [parent, name];
  }

  /** The names on the way, free of links; also the last one where `whole`. */
  private plain(path: string, whole: boolean): string[] {
    let links = 0;
    const done: string[] = [];
    const todo = path.split('/').filter((name) => name !== '' && name !== '.');
    let node: Node = this.root;
    const trail: DirectoryNode[] = [];
    while (todo.length > 0) {
      const name = todo.shift()!;
      if (name === '..') {
        done.pop();
        node = trail.pop() ?? this.root;
        continue;
      }
      const child: Node | undefined = node.kind === 'directory' ? node.children.get(name) : undefined;
      if (child?.kind === 'link' && (todo.length > 0 || whole)) {
        if (++links > MOST_LINKS) throw errno('ELOOP', path);
        todo.unshift(...child.target.split('/').filter((part) => part !== '' && part !== '.'));
        if (child.target.startsWith('/')) {
          done.length = trail.length = 0;
          node = this.root;
        }
        continue;
      }
      if (node.kind === 'directory') trail.push(node);
      done.push(name);
      if (!child) {
        // What comes after it cannot be there either; the caller finds out.
        done.push(...todo.splice(0));
        break;
      }
      node = child;
    }
    return done;
  }

  private statsOf(node: Node): Stats {
    const mode = node.kind === 'link' ? 0o777 : node.mode;
    const size = node.kind === 'file' ? node.bytes.length : node.kind === 'link' ? node.target.length : 4096;
    const is = (kind: Node['kind']) => () => node.kind === kind;
    const no = () => false;
    return {
      size,
      mode: TYPE[node.kind] | mode,
      mtimeMs: node.mtime,
      mtime: new Date(node.mtime),
      ino: node.ino,
      dev: 1,
      nlink: 1,
      uid: 0,
      gid: 0,
      isFile: is('file'),
      isDirectory: is('directory'),
      isSymbolicLink: is('link'),
      isFIFO: no,
      isSocket: no,
      isBlockDevice: no,
      isCharacterDevice: no,
    } as unknown as Stats;
  }

  private open(path: string, flags: number, mode: number): OpenFile {
    let node = this.find(path);
    if (!node) {
      if ((flags & constants.O_CREAT) === 0) throw errno('ENOENT', path);
      node = { ...this.file(Buffer.alloc(0)), mode };
      this.put(path, node);
    } else if ((flags & constants.O_EXCL) !== 0 && (flags & constants.O_CREAT) !== 0) throw errno('EEXIST', path);
    if (node.kind === 'link') throw errno('ELOOP', path);
    if (node.kind === 'directory') throw errno('EISDIR', path);
    const file = node;
    if ((flags & constants.O_TRUNC) !== 0) file.bytes = Buffer.alloc(0);
    return {
      stat: async () => this.statsOf(file),
      read: async (buffer, position) => {
        const end = Math.min(file.bytes.length, this.deceit.readsOnly ?? Number.POSITIVE_INFINITY);
        return position >= end ? 0 : file.bytes.copy(buffer, 0, position, end);
      },
      write: async (chunks, position) => {
        const most = this.deceit.writesOnly ?? Number.POSITIVE_INFINITY;
        const piece = Buffer.concat([...chunks]).subarray(0, Math.max(0, most - position));
        if (piece.length === 0) return;
        const bytes = Buffer.alloc(Math.max(file.bytes.length, position + piece.length));
        file.bytes.copy(bytes);
        piece.copy(bytes, position);
        file.bytes = bytes;
        file.mtime = this.now();
      },
      truncate: async (size) => {
        const bytes = Buffer.alloc(size);
        file.bytes.copy(bytes);
        file.bytes = bytes;
        file.mtime = this.now();
      },
      sync: async () => {},
      close: async () => {},
    };
  }

  private rename(from: string, to: string): void {
    const node = this.at(from);
    const there = this.find(to);
    if (there === node) return;
    if (`${to}/`.startsWith(`${from}/`)) throw errno('EINVAL', to);
    if (there?.kind === 'directory') {
      if (node.kind !== 'directory') throw errno('EISDIR', to);
      if (there.children.size > 0) throw errno('ENOTEMPTY', to);
    } else if (there && node.kind === 'directory') throw errno('ENOTDIR', to);
    this.parentOf(to);
    this.take(from);
    this.put(to, node);
  }

  private remove(path: string, directory: boolean): void {
    const node = this.at(path);
    if (directory && node.kind !== 'directory') throw errno('ENOTDIR', path);
    if (!directory && node.kind === 'directory') throw errno('EISDIR', path);
    if (node.kind === 'directory' && node.children.size > 0) throw errno('ENOTEMPTY', path);
    this.take(path);
  }

  readonly fileSystem: FileSystem = {
    open: async (path, flags, mode = 0o666) => this.open(named(path), flags, mode),
    lstat: async (path) => {
      const node = this.find(named(path));
      return node && this.statsOf(node);
    },
    realpath: async (path) => {
      const real = `/${this.plain(named(path), true).join('/')}`;
      this.at(real);
      return real;
    },
    readlink: async (path) => {
      const node = this.at(named(path));
      if (node.kind !== 'link') throw errno('EINVAL', named(path));
      return node.target;
    },
    readdir: async (path) => {
      const node = this.at(named(path));
      if (node.kind !== 'directory') throw errno('ENOTDIR', named(path));
      const names = [...node.children.keys()].sort();
      const { hides } = this.deceit;
      return hides
        ? names.filter((name, index) => node.children.get(name)?.kind === 'link' || !hides(name, index))
        : names;
    },
    mkdir: async (path) => {
      if (this.find(named(path))) throw errno('EEXIST', named(path));
      this.put(named(path), this.directory());
    },
    rmdir: async (path) => this.remove(named(path), true),
    unlink: async (path) => this.remove(named(path), false),
    rename: async (from, to) => this.rename(named(from), named(to)),
    utimes: async (path, mtime) => {
      this.at(named(path)).mtime = mtime;
    },
    chmod: async (path, mode) => {
      const node = this.at(named(path));
      if (node.kind !== 'link') node.mode = mode;
    },
  };
}

function named(path: NativePath): string {
  return typeof path === 'string' ? path : path.toString('latin1');
}
