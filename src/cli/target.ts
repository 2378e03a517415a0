/** Which job, pair of folders or server a command line means. */
import {
  CONFIG_NAME,
  type Config,
  type JobSettings,
  loadConfig,
  looksLikeUrl,
  type Overrides,
  processSurroundings,
  type RemoteSettings,
  resolveJob,
  resolvePair,
  resolveRemote,
} from '../config/index.ts';
import { type Direction, printable, UsageError } from '../model/index.ts';
import { holdsPassword } from './arguments.ts';
import { secretAsker } from './ask.ts';
import { overridesOf, type RunFlags, type ServerOptions, serverOverridesOf } from './options.ts';

export const PASSWORD_SEEN =
  'others on this machine may see the password on the command line; ' +
  'FERRY_PASSWORD, ~/.netrc or the configuration keep it to yourself';

export interface Target<T> {
  readonly settings: T;
  readonly warnings: readonly string[];
}

/**
 * The job that `[job | source destination]` means: with nothing given, the only one in the configuration that the verb
 * fits. @throws UsageError, ConfigError.
 */
export async function jobOf(
  names: readonly string[],
  flags: RunFlags,
  verb: { readonly name: string; readonly direction?: Direction },
  more: Overrides = {},
): Promise<Target<JobSettings>> {
  const surroundings = processSurroundings(secretAsker());
  const options = { verb: verb.direction, overrides: { ...overridesOf(flags), ...more }, surroundings };
  const [first, second] = names;
  if (first !== undefined && second !== undefined) {
    const unused = flags.config === undefined ? [] : [configUnused(flags.config)];
    const warnings = [...warningsOf(names), ...unused];
    return { settings: await resolvePair(first, second, options), warnings };
  }
  const config = await loadConfig({ file: flags.config, surroundings });
  if (config === null) throw noConfig(first, verb.name);
  if (first !== undefined && looksLikeUrl(first) && !config.jobs.has(first)) throw half(first, verb.name);
  const name = first ?? onlyJob(config, verb);
  return { settings: await resolveJob(config, name, options), warnings: [] };
}

/** The server that `check` or `ls` is to look at: a URL, a server or a job. @throws UsageError, ConfigError. */
export async function remoteOf(
  place: string | undefined,
  flags: ServerOptions,
  verb: string,
): Promise<Target<RemoteSettings>> {
  const surroundings = processSurroundings(secretAsker());
  const isUrl = place !== undefined && looksLikeUrl(place);
  const config = isUrl ? null : await loadConfig({ file: flags.config, surroundings });
  const name = place ?? onlyServer(config, verb);
  const overrides = serverOverridesOf(flags);
  return { settings: await resolveRemote(config, name, { overrides, surroundings }), warnings: warningsOf([name]) };
}

export function warningsOf(names: readonly string[]): string[] {
  return names.some(holdsPassword) ? [PASSWORD_SEEN] : [];
}

function configUnused(file: string): string {
  return `${printable(file)} is not read: a folder and a URL take nothing from a configuration; name one of its jobs instead`;
}

function onlyJob(config: Config, verb: { readonly name: string; readonly direction?: Direction }): string {
  const { name, direction } = verb;
  const fitting = [...config.jobs].filter(([, job]) => direction === undefined || job.direction === direction);
  const names = fitting.map(([job]) => job);
  if (names.length === 1) return names[0]!;
  const where = printable(config.file);
  if (names.length === 0) throw new UsageError(`${where} has no job for ferry ${name}; name a folder and a URL`);
  throw new UsageError(`name one of the jobs in ${where}: ${names.join(', ')}; such as: ferry ${name} ${names[0]}`);
}

export function onlyServer(config: Config | null, verb: string): string {
  const names = [...(config?.servers.keys() ?? [])];
  if (names.length === 1) return names[0]!;
  if (names.length === 0) {
    throw new UsageError(`name a server: ferry ${verb} ftpes://user@ftp.example.com/folder`);
  }
  throw new UsageError(`name one of the servers ${names.join(', ')}; such as: ferry ${verb} ${names[0]}`);
}

function noConfig(first: string | undefined, verb: string): UsageError {
  if (first !== undefined && (looksLikeUrl(first) || /[\\/]|^\.+$/.test(first))) return half(first, verb);
  const what = first === undefined ? 'nothing to work on' : `there is no job ${printable(first)}`;
  return new UsageError(
    `${what}: no ${CONFIG_NAME} here or above. "ferry init" writes one; or name both sides: ${bothSides(verb)}`,
  );
}

function half(first: string, verb: string): UsageError {
  return new UsageError(`${printable(first)} is one side only; name the other one too: ${bothSides(verb)}`);
}

function bothSides(verb: string): string {
  const [folder, url] = ['./folder', 'ftpes://user@ftp.example.com/folder'];
  return verb === 'pull' ? `ferry pull ${url} ${folder}` : `ferry ${verb} ${folder} ${url}`;
}
