/** What Tab offers in the shell: commands, names on the server, names here. */
import { readdir } from 'node:fs/promises';
import { literalName, literalPath } from '../../hand/index.ts';
import { nameOf, printable } from '../../model/index.ts';
import type { ShellBench } from './bench.ts';
import { commandNames } from './commands.ts';
import { escaped, OpenQuoteError, type Word, wordsOf } from './words.ts';

interface Named {
  readonly name: string;
  readonly folder: boolean;
}

/** How long a listing is good for, in ms: Tab is pressed twice in a row. */
const FRESH = 5000;

export class Completer {
  readonly #bench: ShellBench;
  readonly #now: () => number;
  #seen: { readonly folder: string; readonly names: readonly Named[]; readonly at: number } | undefined;

  constructor(bench: ShellBench, now: () => number = Date.now) {
    this.#bench = bench;
    this.#now = now;
  }

  /** Something may have changed on the server. */
  forget(): void {
    this.#seen = undefined;
  }

  /** Candidates for the end of `line`, each as it would be typed, and the part of the line that they replace. */
  async complete(line: string, signal: AbortSignal): Promise<[candidates: string[], replaced: string]> {
    const open = wordAtEnd(line);
    if (!open) return [[], ''];
    const { before, typed, quote, text } = open;
    const verb = before[0] && literalName(before[0].pattern);
    if (verb === undefined)
      return [
        commandNames()
          .filter((name) => name.startsWith(typed))
          .map((name) => `${name} `),
        typed,
      ];
    // A word that is quoted in another way than candidates are would not be continued by them.
    if (text.startsWith('-') || typed !== (quote === '' ? escaped(text) : quote + text)) return [[], typed];
    const slash = text.lastIndexOf('/') + 1;
    const [folder, begun] = [text.slice(0, slash), text.slice(slash)];
    const names = await this.#names(verb, before.length, folder, signal);
    const fitting = names.filter(({ name }) => name.startsWith(begun) && (begun !== '' || !name.startsWith('.')));
    const offered = fitting
      .filter(({ name }) => printable(name) === name && (quote === '' || !name.includes(quote)))
      .map((one) => {
        const whole = folder + one.name + (one.folder ? '/' : '');
        if (quote === '') return escaped(whole) + (one.folder ? '' : ' ');
        return quote + whole + (one.folder ? '' : `${quote} `);
      });
    return [offered, typed];
  }

  async #names(verb: string, words: number, folder: string, signal: AbortSignal): Promise<readonly Named[]> {
    const here = verb === 'lcd' || verb === 'lls' || (verb === 'put' && words === 1);
    if (here) return local(folder);
    const remote = await this.#remote(folder, signal);
    const both = verb === 'put' || (verb === 'get' && words > 1);
    if (!both) return verb === 'cd' || verb === 'rmdir' ? remote.filter((one) => one.folder) : remote;
    const names = [...remote, ...(await local(folder))];
    return names.filter(({ name }, at) => names.findIndex((other) => other.name === name) === at);
  }

  async #remote(folder: string, signal: AbortSignal): Promise<readonly Named[]> {
    const { segments } = this.#bench.resolve(escaped(folder === '' ? '.' : folder));
    const path = literalPath(segments);
    if (this.#seen?.folder === path && this.#now() - this.#seen.at < FRESH) return this.#seen.names;
    const { entries } = await this.#bench.remote.list(path, signal);
    const names = entries.map((entry) => ({ name: nameOf(entry.path), folder: entry.kind === 'directory' }));
    names.sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#seen = { folder: path, names, at: this.#now() };
    return names;
  }
}

async function local(folder: string): Promise<Named[]> {
  const entries = await readdir(folder || '.', { withFileTypes: true }).catch(() => []);
  return entries
    .map((entry) => ({ name: entry.name, folder: entry.isDirectory() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface Open {
  readonly before: readonly Word[];
  /** The word as it was typed so far, and what it says. */
  readonly typed: string;
  readonly text: string;
  /** The quote that it began with. */
  readonly quote: string;
}

/** The word that the cursor is in; undefined where it cannot be told. */
function wordAtEnd(line: string): Open | undefined {
  for (const quote of ['', "'", '"']) {
    try {
      const words = wordsOf(line + quote);
      const last = words.at(-1);
      // A blank that is not escaped begins a new word.
      if (quote === '' && (!last || (/\s$/.test(line) && literalName(wordsOf(`${line}x`).at(-1)!.pattern) === 'x'))) {
        return { before: words, typed: '', text: '', quote: '' };
      }
      if (!last) return undefined;
      const typed = line.slice(last.start);
      return { before: words.slice(0, -1), typed, text: literalName(last.pattern), quote };
    } catch (error) {
      if (!(error instanceof OpenQuoteError)) throw error;
    }
  }
  return undefined;
}
