/** Where the hand tools find the servers that a command line names. */
import {
  type Config,
  loadConfig,
  looksRemote,
  processSurroundings,
  resolvePlace,
  type WrittenPlace,
} from '../config/index.ts';
import { printable, type Remote, UsageError } from '../model/index.ts';
import { remoteOf } from '../sync/index.ts';
import { secretAsker } from './ask.ts';
import { type ServerOptions, serverOverridesOf } from './options.ts';
import { onlyServer } from './target.ts';

export interface Bench {
  /** Settles what was written as a place; with nothing written, the only server there is, or where a shell stands. */
  place(text: string | undefined, flags: ServerOptions, verb: string): Promise<WrittenPlace>;
  /** Whether a text names a place, rather than a server alone. */
  isRemote(text: string): boolean;
  /** An open connection for a place, and what gives it back. */
  connect(place: WrittenPlace, wire: ((line: string) => void) | undefined, signal: AbortSignal): Promise<Connected>;
  /** Tells the sources of a copy and its target apart. @throws UsageError. */
  split(verb: 'get' | 'put', names: readonly string[]): { sources: readonly string[]; target: string };
  /** Local names that patterns among these stand for, where no shell has done so before. */
  localNames(names: readonly string[]): Promise<readonly string[]>;
}

export interface Connected {
  readonly remote: Remote;
  release(): Promise<void>;
}

export const commandLine: Bench = {
  async place(text, flags, verb) {
    const surroundings = processSurroundings(secretAsker());
    const options = { overrides: serverOverridesOf(flags), surroundings };
    const needsConfig = text === undefined || !/^[a-z][a-z0-9+.-]+:\/\//i.test(text);
    const config: Config | null = needsConfig ? await loadConfig({ file: flags.config, surroundings }) : null;
    return resolvePlace(config, text ?? `${onlyServer(config, verb)}:`, options);
  },

  isRemote: looksRemote,

  async connect(place, wire, signal) {
    const { server, remote: root } = place.settings;
    const remote = remoteOf({ server, remote: root }, wire);
    try {
      await remote.open(signal);
    } catch (error) {
      await remote.close();
      throw error;
    }
    return { remote, release: () => remote.close() };
  },

  split(verb, names) {
    const last = names.at(-1)!;
    if (verb === 'get') {
      const own = names.length > 1 && !looksRemote(last);
      return { sources: own ? names.slice(0, -1) : names, target: own ? last : '.' };
    }
    if (names.length < 2 || !looksRemote(last)) {
      const [file = 'FILE'] = names;
      throw new UsageError(`name where to put it, last: ferry put ${printable(file)} NAME:/folder/, or a URL`);
    }
    return { sources: names.slice(0, -1), target: last };
  },

  localNames: async (names) => names,
};
