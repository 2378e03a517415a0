/** Where the tools of a shell work: one server that stays connected, and a folder there. */
import { readdir } from 'node:fs/promises';
import { below, literally, type WrittenPlace } from '../../config/index.ts';
import { followed, literalName, literalPath, lookAt, matcher } from '../../hand/index.ts';
import { FerryError, printable, type Remote, UsageError } from '../../model/index.ts';
import type { Bench, Connected } from '../bench.ts';

export class ShellBench implements Bench {
  readonly remote: Remote;
  readonly #note: (text: string) => void;
  readonly #settings: WrittenPlace['settings'];
  #start: readonly string[];
  readonly #home: readonly string[];
  /** The folder that names begin in, as literal patterns. */
  #folder: readonly string[];
  #before: readonly string[];

  /** `remote` is open, with the root that `place` has; `note` is told when it had to be connected anew. */
  constructor(remote: Remote, place: WrittenPlace, home: readonly string[], note: (text: string) => void) {
    this.remote = remote;
    this.#settings = place.settings;
    this.#home = home;
    this.#start = this.#folder = this.#before = place.segments;
    this.#note = note;
  }

  /** Here the shell begins: where `cd` alone leads. */
  begin(): void {
    this.#start = this.#before = this.#folder;
  }

  /** The folder for people. */
  get folder(): string {
    const names = this.#folder.map(literalName).join('/');
    return printable(`/${names}`);
  }

  async place(text: string | undefined): Promise<WrittenPlace> {
    return this.resolve(text ?? '.');
  }

  /** `/` is the top, `~` where the login starts, `..` the folder above by its name. @throws UsageError. */
  resolve(text: string): WrittenPlace {
    const from = text.startsWith('/') ? [] : /^~(?:\/|$)/.test(text) ? this.#home : this.#folder;
    const names = [...from];
    for (const name of text.replace(/^~(?=\/|$)/, '').split('/')) {
      if (name === '..') names.pop();
      else if (name !== '' && name !== '.') names.push(name);
    }
    const end = /(?:^|\/)\.$/.test(text) && text !== '.' ? '/.' : /\/$/.test(text) ? '/' : '';
    const top: WrittenPlace = { settings: this.#settings, segments: [], folder: true, contents: false };
    return below(top, `./${names.join('/')}${end}`);
  }

  /** Enters a folder, once it is seen to be one; `-` is the one before, nothing where the shell began. */
  async enter(text: string | undefined, signal: AbortSignal): Promise<void> {
    const wanted = text === '-' ? this.#before : text === undefined ? this.#start : this.resolve(text).segments;
    const path = literalPath(wanted);
    const there = await lookAt(this.remote, path, signal);
    const kind = there && (await followed(this.remote, there, signal)).kind;
    if (kind !== 'directory') {
      throw new FerryError('reply', `${printable(path)} ${kind ? 'is no folder' : 'is not on the server'}`);
    }
    [this.#before, this.#folder] = [this.#folder, path === '' ? [] : path.split('/').map(literally)];
  }

  isRemote(): boolean {
    return true;
  }

  /** The connection stays. One that the server has closed in the meantime is made anew, before anything rests on it. */
  async connect(_place: unknown, _wire: unknown, signal: AbortSignal): Promise<Connected> {
    const before = this.remote.counters.connections;
    for (let attempt = 1; ; attempt++) {
      const lane = await this.remote.lane(signal);
      try {
        await lane.order('NOOP');
        break;
      } catch (error) {
        if (lane.alive || attempt === 3) throw error;
      } finally {
        lane.release();
      }
    }
    if (this.remote.counters.connections > before) this.#note('the server had closed the connection; connected anew');
    return { remote: this.remote, release: async () => {} };
  }

  /** Of several names the last one is where to. */
  split(verb: 'get' | 'put', names: readonly string[]) {
    const last = names.at(-1)!;
    const several = names.length > 1;
    const here = verb === 'get' ? '.' : './';
    const target = several ? (verb === 'get' ? literalName(last) : last) : here;
    return { sources: several ? names.slice(0, -1) : names, target };
  }

  /** Local names that patterns stand for. @throws UsageError where one matches nothing. */
  async localNames(names: readonly string[]): Promise<readonly string[]> {
    if (names.includes('-'))
      throw new UsageError('stdin is what the shell itself reads; use ferry put - outside of it');
    const found: string[] = [];
    for (const name of names) found.push(...(await localMatches(name)));
    return found;
  }
}

async function localMatches(pattern: string): Promise<string[]> {
  const words = pattern.split('/');
  let reached = [''];
  for (const [at, word] of words.entries()) {
    const slash = at === 0 ? '' : '/';
    const matches = matcher(word);
    if (!matches) {
      reached = reached.map((path) => path + slash + literalName(word));
      continue;
    }
    const next: string[] = [];
    for (const path of reached) {
      const names = await readdir(path + slash || '.').catch(() => []);
      next.push(
        ...names
          .filter(matches)
          .sort()
          .map((name) => path + slash + name),
      );
    }
    reached = next;
  }
  if (reached.length === 0) throw new UsageError(`nothing here matches ${printable(pattern)}`);
  return reached;
}
