/** A remote side in memory, of which the connection can be lost at any command: before the server carried it out, or after. */
import {
  type Entry,
  type Lane,
  LostError,
  nameOf,
  parentOf,
  type RelPath,
  type Remote,
  ReplyError,
  ROOT,
  type Sighting,
} from '../../src/model/index.ts';

interface File {
  readonly content: string;
  /** Another one for each version that was ever written. */
  readonly mark: string;
}

export class RamRemote {
  /** null: a directory. */
  readonly #held = new Map<RelPath, File | null>();
  #marks = 0;
  /** Commands that are still carried out, and what becomes of the one after them. */
  #left = Number.POSITIVE_INFINITY;
  #after = false;
  /** Whether listings leave out names that begin with a dot, below Ferry's own. */
  hides = false;
  /** Commands that changed something. */
  changes = 0;

  /** From now on: so many changes, then the connection is lost, before or after the next one is carried out. */
  cut(left: number, after: boolean): void {
    this.#left = left;
    this.#after = after;
  }

  mend(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }

  get files(): Map<RelPath, string> {
    const files = new Map<RelPath, string>();
    for (const [path, file] of this.#held) if (file) files.set(path, file.content);
    return files;
  }

  content(path: RelPath): string | undefined {
    return this.#held.get(path)?.content;
  }

  /** As a hand on the server would. */
  put(path: RelPath, content: string): void {
    for (let at = parentOf(path); at !== ROOT; at = parentOf(at)) this.#held.set(at, null);
    this.#held.set(path, { content, mark: String(++this.#marks) });
  }

  take(path: RelPath): void {
    this.#held.delete(path);
  }

  entry(path: RelPath): Entry | undefined {
    const file = this.#held.get(path);
    if (file === undefined) return undefined;
    const about = { path, mtime: null, precision: 1, zoned: false };
    if (file === null) return { ...about, kind: 'directory', size: null, stamps: {} };
    return { ...about, kind: 'file', size: file.content.length, stamps: { mlst: file.mark } };
  }

  get remote(): Remote {
    const part: Partial<Remote> = {
      list: async (directory) => {
        if (directory !== ROOT && this.#held.get(directory) !== null) throw refused('MLSD', directory);
        const entries = [...this.#held.keys()].filter(
          (path) => path !== ROOT && parentOf(path) === directory && !(this.hides && nameOf(path).startsWith('.')),
        );
        return { entries: entries.map((path) => this.entry(path)!), problems: [], unparsed: [] } as never;
      },
      sight: async (paths) =>
        paths.map((path): Sighting => {
          const entry = this.entry(path);
          return entry ? { path, found: 'present', entry } : { path, found: 'absent' };
        }),
      lane: async () => this.#lane(),
    };
    return part as Remote;
  }

  #lane(): Lane {
    const part: Partial<Lane> = {
      alive: true,
      write: async (path, source) => {
        const pieces: Buffer[] = [];
        for await (const piece of source.chunks(0)) pieces.push(Buffer.from(piece));
        return this.#change(() => {
          this.#requireFolder('STOR', path);
          this.#held.set(path, { content: Buffer.concat(pieces).toString(), mark: String(++this.#marks) });
          return 0;
        });
      },
      read: async (path, sink) => {
        const file = this.#held.get(path);
        if (!file) throw refused('RETR', path);
        await sink.write(Buffer.from(file.content));
        return file.content.length;
      },
      inspect: async (path) => {
        const entry = this.entry(path);
        if (entry?.kind !== 'file') throw refused('MLST', path);
        return { size: entry.size, mtime: null, stamps: entry.stamps };
      },
      find: async (path) => {
        const entry = this.entry(path);
        return entry?.kind === 'file' ? { size: entry.size, mtime: null, stamps: entry.stamps } : null;
      },
      rename: async (from, to) =>
        this.#change(() => {
          const file = this.#held.get(from);
          if (!file || this.#held.get(to) === null) throw refused('RNTO', to);
          this.#requireFolder('RNTO', to);
          this.#held.delete(from);
          this.#held.set(to, file);
        }),
      remove: async (path) =>
        this.#change(() => {
          if (!this.#held.get(path)) throw refused('DELE', path);
          this.#held.delete(path);
        }),
      removeDirectory: async (path) =>
        this.#change(() => {
          const full = [...this.#held.keys()].some((other) => parentOf(other) === path);
          if (this.#held.get(path) !== null || full) throw refused('RMD', path);
          this.#held.delete(path);
        }),
      makeDirectory: async (path) =>
        this.#change(() => {
          this.#requireFolder('MKD', path);
          if (this.#held.get(path)) throw refused('MKD', path);
          this.#held.set(path, null);
        }),
      release: () => {},
    };
    return part as Lane;
  }

  #change<T>(carryOut: () => T): T {
    this.changes++;
    if (this.#left < 0 || (this.#left === 0 && !this.#after)) {
      this.#left = -1;
      throw new LostError('the connection is gone');
    }
    const result = carryOut();
    if (this.#left-- === 0) throw new LostError('the connection is gone');
    return result;
  }

  #requireFolder(command: string, path: RelPath): void {
    const folder = parentOf(path);
    if (folder !== ROOT && this.#held.get(folder) !== null) throw refused(command, path);
  }
}

function refused(command: string, path: RelPath): ReplyError {
  return new ReplyError(`${command} ${path}`, 550, `${nameOf(path)}: no such file or directory`);
}
