/** The frame of every hand tool: its voice, its server, what it found wrong, and its end. */

import { Tally } from '../act/tally.ts';
import { formatRemoteUrl, secretsMask, type WrittenPlace } from '../config/index.ts';
import { expand, type Match, type Work } from '../hand/index.ts';
import { EXIT, type Problem, printable, type RunEventBody, UsageError } from '../model/index.ts';
import { plainTextWarning } from '../sync/index.ts';
import { type Bench, type Connected, commandLine } from './bench.ts';
import type { Context } from './context.ts';
import type { ServerOptions } from './options.ts';
import { warningsOf } from './target.ts';
import { type Voice, voiceOf } from './voice.ts';

export interface Desk {
  readonly bench: Bench;
  readonly voice: Voice;
  /** Aborted when stopped; for tools that only hand out data also when nobody reads any more. */
  readonly signal: AbortSignal;
  /** One line of data. */
  line(text: string): void;
  /** Settles places that have to be on one server. @throws UsageError. */
  places(texts: readonly (string | undefined)[]): Promise<readonly WrittenPlace[]>;
  /** Opens the server of these places; once a tool. */
  work(place: WrittenPlace): Promise<Work>;
  /** The paths that places name or match. */
  matches(work: Work, places: readonly WrittenPlace[]): Promise<readonly Match[]>;
  /** Tells that a change was made. */
  done(action: Extract<RunEventBody, { type: 'action' }>['action'], path: string): void;
}

export interface DeskOptions {
  readonly verb: string;
  readonly flags: ServerOptions;
  /** Whether stdout belongs to the tool's own data. */
  readonly data?: boolean;
}

/** @returns the exit code: what `body` resolves with, else whether any path had a problem. */
export async function atDesk(
  context: Context,
  { verb, flags, data = false }: DeskOptions,
  body: (desk: Desk) => Promise<number | undefined>,
): Promise<number> {
  const { stdout, bench = commandLine } = context;
  const since = performance.now();
  const unsaid = ({ type }: RunEventBody) => !flags.json && !flags.quiet && type === 'start';
  const voice = voiceOf(flags, { words: data, unsaid });
  const tally = new Tally(voice.tell);
  const signal = data ? AbortSignal.any([context.signal, stdout.closed]) : context.signal;
  let connected: Connected | undefined;
  const warned = new Set<string>();
  const warn = (message: string) => {
    if (!warned.has(message)) voice.tell({ type: 'warning', message });
    warned.add(message);
  };
  const desk: Desk = {
    bench,
    voice,
    signal,
    line: (text) => stdout.line(text),
    places: async (texts) => {
      for (const message of warningsOf(texts.filter((text) => text !== undefined))) warn(message);
      const places: WrittenPlace[] = [];
      for (const text of texts) places.push(await bench.place(text, flags, verb));
      return onOneServer(places, (place) => bench.connect(place, voice.wire, signal));
    },
    work: async (place) => {
      connected ??= await bench.connect(place, voice.wire, signal);
      const { remote } = connected;
      const plainText = plainTextWarning(place.settings.server, remote.capabilities);
      if (plainText !== undefined && !context.bench) warn(plainText);
      const realm = realmOf(place);
      return { remote, realm, signal, tell: voice.tell, problem: (problem: Problem) => tally.problem(problem) };
    },
    matches: async (work, places) => {
      const found = new Map<string, Match>();
      for (const { segments } of places) {
        for (const match of await expand(work, segments)) if (!found.has(match.path)) found.set(match.path, match);
      }
      return [...found.values()];
    },
    done: (action, path) => {
      const reason = 'asked for';
      const how = { side: 'remote', reason, size: 0, status: 'done', attempt: 1, bytes: 0 } as const;
      voice.tell({ type: 'action', action, path, ...how });
      if (action === 'delete') tally.deleted++;
      else if (action === 'rename') tally.renamed++;
      else if (action === 'upload') tally.uploaded++;
    },
  };
  try {
    const own = await body(desk);
    const exitCode = own ?? (tally.agreed ? EXIT.agreed : EXIT.incomplete);
    // To a person all was said; who reads events, or hears of nothing but what is wrong, waits for it.
    if (own === undefined && (flags.quiet || (flags.json && !data))) {
      voice.tell({ type: 'summary', ...tally.summary(verb, since, connected?.remote, { exitCode }) });
    }
    return exitCode;
  } catch (error) {
    if (stdout.closed.aborted && data && !context.signal.aborted) return EXIT.agreed;
    throw context.signal.aborted ? context.signal.reason : error;
  } finally {
    await connected?.release();
    await voice.close();
  }
}

/** The same places with one root. Those that begin at the folder of the login are told from the top where others do. */
async function onOneServer(
  places: readonly WrittenPlace[],
  connect: (place: WrittenPlace) => Promise<Connected>,
): Promise<readonly WrittenPlace[]> {
  const [first] = places;
  if (!first) return places;
  const other = places.find((place) => serverOf(place) !== serverOf(first));
  if (other) {
    throw new UsageError(`${serverOf(first)} and ${serverOf(other)} are two servers; name places on one at a time`);
  }
  const rooted = places.find(({ settings }) => settings.remote === '/');
  if (!rooted || places.every(({ settings }) => settings.remote === '/')) return places;
  const { remote, release } = await connect(rooted);
  const { home } = remote.capabilities;
  await release();
  if (home === null) throw new UsageError('the server does not say where a login starts; begin all paths with a /');
  const standing = home.split('/').filter((name) => name !== '');
  return places.map((place) => {
    if (place.settings.remote === '/') return place;
    const settings = { ...place.settings, remote: '/' };
    return {
      ...place,
      settings,
      segments: [...standing.map((name) => name.replace(/[*?[\]\\]/g, '\\$&')), ...place.segments],
    };
  });
}

function realmOf({ settings }: WrittenPlace): string {
  return formatRemoteUrl({ ...settings.server, remote: settings.remote });
}

function serverOf({ settings }: WrittenPlace): string {
  const { protocol, user, host, port } = settings.server;
  return printable(`${protocol}://${user}@${host}:${port}`);
}

/** Writes one line for people, past the events. */
export function note(text: string): void {
  process.stderr.write(`${secretsMask().mask(text)}\n`);
}
