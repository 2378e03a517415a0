// From a path as the client writes it to a path on the disk that is certain to lie below the user's home: `..` ends at
// the home, and so does every symbolic link.
import type { Stats } from 'node:fs';
import { type FileSystem, native } from './filesystem.ts';
import { Refusal } from './replies.ts';

/** A place below the home. Both paths hold one character a byte. */
export interface Place {
  /** As the client sees it: absolute, normalised, `/` for the home. */
  readonly path: string;
  /** On the disk; its folder is free of symbolic links. */
  readonly real: string;
  /** What is there, links not followed; undefined when nothing is. */
  readonly stats: Stats | undefined;
}

/** A place where something is. */
export type Occupied = Place & { readonly stats: Stats };

const outside = 'Leads out of the home folder.';

/**
 * One user's home.
 * RACE: the check and the act that follows are two calls. A local process that swaps a folder for a link to elsewhere
 * between them can lead the server there; no FTP client can, as the server makes no links.
 */
export class Sandbox {
  readonly #disk: FileSystem;
  readonly #home: string;

  private constructor(disk: FileSystem, home: string) {
    this.#disk = disk;
    this.#home = home;
  }

  /** @throws the file system's error when the home is not there. `home` holds one character a byte. */
  static async open(disk: FileSystem, home: string): Promise<Sandbox> {
    return new Sandbox(disk, await disk.realpath(native(home)));
  }

  /** The place itself: a link stays a link. For what acts on names: delete, rename, MLST. */
  async name(path: string): Promise<Place> {
    if (path === '/') return { path, real: this.#home, stats: await this.#disk.lstat(native(this.#home)) };
    const cut = path.lastIndexOf('/');
    const folder = cut === 0 ? this.#home : await this.#inside(this.#home + path.slice(0, cut));
    const real = `${folder === '/' ? '' : folder}/${path.slice(cut + 1)}`;
    return { path, real, stats: await this.#disk.lstat(native(real)) };
  }

  /** Where the place leads: links followed as long as they stay below the home. For what acts on content. */
  async target(path: string): Promise<Place> {
    const place = await this.name(path);
    if (!place.stats?.isSymbolicLink()) return place;
    const real = await this.#inside(place.real);
    return { path, real, stats: await this.#disk.lstat(native(real)) };
  }

  /** @throws Refusal 550 when nothing is there. */
  async existing(path: string): Promise<Occupied> {
    return occupied(await this.target(path));
  }

  /** @throws Refusal 550 when nothing is there. */
  async existingName(path: string): Promise<Occupied> {
    return occupied(await this.name(path));
  }

  /** The text of a link, when showing it tells nothing about the disk outside the home. */
  async linkText(real: string): Promise<string | undefined> {
    const text = await this.#disk.readlink(native(real)).catch(() => undefined);
    return text === undefined || text.startsWith('/') || /[\r\n;]/.test(text) ? undefined : text;
  }

  async #inside(path: string): Promise<string> {
    const real = await this.#disk.realpath(native(path));
    const home = this.#home;
    if (real === home || home === '/' || real.startsWith(`${home}/`) || real.startsWith(`${home}\\`)) return real;
    throw new Refusal(550, outside);
  }
}

function occupied(place: Place): Occupied {
  const { stats } = place;
  if (stats === undefined) throw new Refusal(550, 'No such file or folder.');
  return { ...place, stats };
}

/**
 * The absolute, normalised form of what a client wrote, seen from its current folder.
 * @throws Refusal 553 for names that no file can have.
 */
export function absolute(current: string, argument: string): string {
  if (/[\0\r\n]/.test(argument)) throw new Refusal(553, 'A name cannot hold NUL, CR or LF.');
  const parts: string[] = [];
  const whole = argument.startsWith('/') ? argument : `${current}/${argument}`;
  for (const part of whole.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  // On Windows these are separators, drives and streams.
  if (process.platform === 'win32' && parts.some((part) => /[\\:]/.test(part))) {
    throw new Refusal(553, 'A name cannot hold \\ or : here.');
  }
  return `/${parts.join('/')}`;
}
