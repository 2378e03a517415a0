/** Settles a job or a pair of folders: what the command line says, then the configuration, then the defaults. */
import { resolve as absolute } from 'node:path';
import { type Direction, printable, UsageError } from '../model/index.ts';
import { parseBytes } from './bytes.ts';
import { parseDuration } from './duration.ts';
import { fileAt } from './file-at.ts';
import { hooksOf, maintenanceOf } from './hooks.ts';
import type { Config } from './load.ts';
import { parseMaxDelete } from './max-delete.ts';
import { didYouMean } from './nearest.ts';
import type { Origin } from './origin.ts';
import { literally, ownFiles } from './own-files.ts';
import { folderInside, type JobText, type ServerText } from './schema.ts';
import { resolveServer } from './server.ts';
import type { Chmod, JobSettings, Overrides, RemoteSettings, WatchSettings } from './settings.ts';
import { processSurroundings, type Surroundings } from './surroundings.ts';
import { formatRemoteUrl, looksLikeUrl, parseRemoteUrl, remoteFolder } from './url.ts';

export interface ResolveOptions {
  /** The verb that was typed, where it fixes the direction. */
  readonly verb?: Direction | undefined;
  readonly overrides?: Overrides | undefined;
  readonly surroundings?: Surroundings | undefined;
}

/**
 * The job of that name. Throws a UsageError where there is none or the verb is another one than the job's direction,
 * and a ConfigError where a file or a password it names cannot be used.
 */
export async function resolveJob(config: Config, name: string, options: ResolveOptions = {}): Promise<JobSettings> {
  const { verb, overrides = {}, surroundings = processSurroundings() } = options;
  const job = config.jobs.get(name);
  if (!job) throw noSuchJob(config, name);
  if (verb !== undefined && verb !== job.direction)
    throw new UsageError(`the job ${name} is a ${job.direction}; run: ferry ${job.direction} ${name}`);
  const place = await remoteOfJob(config, name, job, overrides, surroundings);
  const local = fileAt(job.local, config.folder, surroundings.home);
  // What is pulled into a backup never lies where the configuration does.
  const beside = job.backup !== undefined && job.direction === 'pull';
  const own = beside ? [] : await ownFiles(config, job, local, surroundings.home);
  const exclude = [...own, ...(job.exclude ?? [])];
  return settle(name, job.direction, local, place, { ...job, exclude }, overrides, config.folder);
}

/**
 * A folder and a URL in the order they are copied, without a configuration. Throws a UsageError where it is not one of
 * each, or where the verb says the other direction.
 */
export async function resolvePair(
  source: string,
  destination: string,
  options: ResolveOptions = {},
): Promise<JobSettings> {
  const { verb, overrides = {}, surroundings = processSurroundings() } = options;
  const push = looksLikeUrl(destination);
  if (push === looksLikeUrl(source)) throw notOneOfEach(source, destination, push);
  const ordered: Direction = push ? 'push' : 'pull';
  const [folder, url] = push ? [source, destination] : [destination, source];
  const place = await resolveUrl(url, overrides, surroundings);
  if (verb !== undefined && verb !== 'sync' && verb !== ordered) throw wrongOrder(verb, folder, place.remoteUrl);

  const local = absolute(surroundings.cwd, folder);
  const name = push ? `${local} ${place.remoteUrl}` : `${place.remoteUrl} ${local}`;
  return settle(name, verb ?? ordered, local, place, {}, overrides);
}

/** What `check` or `ls` is given: a URL, or the name of a server or a job. Throws a UsageError where it is neither. */
export async function resolveRemote(
  config: Config | null,
  place: string,
  options: Omit<ResolveOptions, 'verb'> = {},
): Promise<RemoteSettings> {
  const { overrides = {}, surroundings = processSurroundings() } = options;
  if (looksLikeUrl(place)) return resolveUrl(place, overrides, surroundings);
  const server = config?.servers.get(place);
  if (config && server) {
    const origin = { file: config.file, path: `servers.${place}`, exposed: config.exposed, folder: config.folder };
    return remoteAt(server, origin, undefined, { overrides }, surroundings);
  }
  const job = config?.jobs.get(place);
  if (config && job) return remoteOfJob(config, place, job, overrides, surroundings);
  const names = [...(config?.servers.keys() ?? []), ...(config?.jobs.keys() ?? [])];
  const where = config ? ` in ${printable(config.file)}` : ', and there is no sync.config.json here';
  throw new UsageError(
    `${printable(place)} is neither a URL nor a server nor a job${where}${didYouMean(place, names)}`,
  );
}

type Wishes = Parameters<typeof resolveServer>[2];

function remoteOfJob(
  config: Config,
  name: string,
  job: JobText,
  overrides: Overrides,
  surroundings: Surroundings,
): Promise<RemoteSettings> {
  const named = config.servers.get(job.server);
  const path = named ? `servers.${job.server}` : `jobs.${name}.server`;
  const origin = { file: config.file, path, exposed: config.exposed, folder: config.folder };
  const wishes = { connections: job.connections, timeout: job.timeout, overrides };
  return remoteAt(named ?? { url: job.server }, origin, job.remote, wishes, surroundings);
}

function resolveUrl(url: string, overrides: Overrides, surroundings: Surroundings): Promise<RemoteSettings> {
  const origin = { file: null, path: 'the url', exposed: false, folder: surroundings.cwd };
  return remoteAt({ url }, origin, undefined, { overrides }, surroundings);
}

async function remoteAt(
  text: ServerText,
  origin: Origin,
  folder: string | undefined,
  wishes: Wishes,
  surroundings: Surroundings,
): Promise<RemoteSettings> {
  const server = await resolveServer(text, origin, wishes, surroundings);
  const remote = folder === undefined ? parseRemoteUrl(text.url).remote : remoteFolder(folder);
  const { protocol, host, port, user } = server;
  return Object.freeze({ server, remote, remoteUrl: formatRemoteUrl({ protocol, host, port, user, remote }) });
}

function settle(
  name: string,
  direction: Direction,
  local: string,
  place: RemoteSettings,
  job: Partial<JobText>,
  overrides: Overrides,
  folder = local,
): JobSettings {
  const state = overrides.state ?? job.state;
  const wait = overrides.wait ?? (job.wait === undefined ? undefined : parseDuration(job.wait));
  const serverLock = overrides.serverLock ?? serverLockOf(job.lock);
  return Object.freeze({
    name,
    direction,
    local,
    ...place,
    include: Object.freeze([...(job.include ?? []), ...(overrides.include ?? [])]),
    exclude: Object.freeze([...(job.exclude ?? []), ...(overrides.exclude ?? [])]),
    delete: overrides.delete ?? job.delete ?? 'tracked',
    compare: overrides.compare ?? job.compare ?? 'auto',
    maxDelete: overrides.maxDelete ?? (job.maxDelete === undefined ? 'default' : parseMaxDelete(job.maxDelete)),
    ...(overrides.allowEmptySource === undefined ? {} : { allowEmptySource: overrides.allowEmptySource }),
    drift: overrides.drift ?? job.drift ?? 'overwrite',
    conflict: overrides.conflict ?? job.conflict ?? 'keep-both',
    links: overrides.links ?? job.links ?? 'skip',
    order: Object.freeze([...(overrides.order ?? job.order ?? [])]),
    chmod: overrides.chmod ?? chmodOf(job.chmod),
    ...(job.ascii && { ascii: Object.freeze([...job.ascii]) }),
    limitRate: either(overrides.limitRate, job.limitRate, parseBytes),
    retries: overrides.retries ?? job.retries ?? 5,
    maxDuration: either(overrides.maxDuration, job.maxDuration, parseDuration),
    maxTransfer: either(overrides.maxTransfer, job.maxTransfer, parseBytes),
    ...(overrides.hooks === false || !(job.hooks || job.heartbeat)
      ? {}
      : { hooks: hooksOf(job.hooks ?? {}, job.heartbeat, folder) }),
    ...(state === undefined ? {} : { state }),
    ...(wait === undefined ? {} : { wait }),
    ...(job.release === undefined ? {} : { release: job.release }),
    ...(job.maintenance === undefined || overrides.hooks === false
      ? {}
      : { maintenance: maintenanceOf(job.maintenance, folder) }),
    ...(job.keepVersions === undefined ? {} : { keepVersions: job.keepVersions }),
    ...(job.backup === undefined ? {} : { backup: backupOf(job.backup) }),
    ...(serverLock === undefined ? {} : { serverLock }),
    watch: watchOf(job.watch, overrides.watch),
    ...hotFolderOf(job, overrides),
  });
}

/**
 * A hot folder is empty when all is well, and what is no longer in it stays on the server. Throws a UsageError where a
 * command line wants it otherwise.
 */
function hotFolderOf({ after, exclude = [] }: Partial<JobText>, overrides: Overrides): Partial<JobSettings> {
  if (after === undefined) return {};
  if (overrides.delete !== undefined && overrides.delete !== 'none') {
    throw new UsageError(`--delete ${overrides.delete}: this job takes its files away once they are sent ("after")`);
  }
  if (overrides.state === 'remote') {
    throw new UsageError(
      '--state remote: a hot folder ("after") is emptied by what this machine remembers of its files',
    );
  }
  const move = after === 'delete' ? null : folderInside(after.move);
  const own = move === null ? [] : [`/${literally(move)}/`];
  return {
    after: Object.freeze({ move }),
    delete: 'none',
    allowEmptySource: true,
    exclude: Object.freeze([...exclude, ...(overrides.exclude ?? []), ...own]),
  };
}

const WATCH: WatchSettings = { settle: 500, rescan: 15 * 60_000, poll: 60_000, polling: false };

function watchOf(written: JobText['watch'] = {}, overrides: Overrides['watch'] = {}): WatchSettings {
  const span = (key: 'settle' | 'rescan' | 'poll') =>
    overrides[key] ?? (written[key] === undefined ? WATCH[key] : parseDuration(written[key]));
  return Object.freeze({
    settle: span('settle'),
    // Now and then at the most, whatever was written.
    rescan: Math.max(1000, span('rescan')),
    poll: Math.max(1000, span('poll')),
    polling: overrides.polling ?? written.polling ?? WATCH.polling,
  });
}

/** An override of null lifts the job's limit. */
function either(
  override: number | null | undefined,
  written: number | string | undefined,
  parse: (written: number | string) => number,
): number | null {
  if (override !== undefined) return override;
  return written === undefined ? null : parse(written);
}

/** ms without a heartbeat after which a lock on the server is taken over. */
const STALE_AFTER = 60_000;

function serverLockOf(written: JobText['lock']): JobSettings['serverLock'] {
  if (written === undefined || written === 'local') return undefined;
  const { staleAfter = undefined } = written === 'remote' ? {} : written;
  return Object.freeze({ staleAfter: staleAfter === undefined ? STALE_AFTER : parseDuration(staleAfter) });
}

function backupOf({ keep }: NonNullable<JobText['backup']>): NonNullable<JobSettings['backup']> {
  if (keep === undefined) return Object.freeze({});
  const given = Object.fromEntries(Object.entries(keep).filter(([, count]) => count !== undefined));
  return Object.freeze({ keep: Object.freeze(given) });
}

function chmodOf(written: JobText['chmod']): Chmod {
  if (written === undefined || typeof written === 'string') return written ?? 'none';
  return Object.freeze({
    ...(written.files !== undefined && { files: Number.parseInt(written.files, 8) }),
    ...(written.directories !== undefined && { directories: Number.parseInt(written.directories, 8) }),
  });
}

function noSuchJob(config: Config, name: string): UsageError {
  const names = [...config.jobs.keys()];
  const known = names.length === 0 ? 'it has no jobs yet' : `its jobs are ${names.join(', ')}`;
  const what = `there is no job ${printable(name)} in ${printable(config.file)}`;
  return new UsageError(`${what}${didYouMean(name, names) || `; ${known}`}`);
}

function notOneOfEach(source: string, destination: string, bothUrls: boolean): UsageError {
  if (bothUrls)
    return new UsageError('both are URLs; Ferry copies between a local folder and a server: name one of each');
  return new UsageError(
    `neither ${printable(source)} nor ${printable(destination)} is a URL; ` +
      'name the server as ftp://, ftpes:// or ftps://, such as ftpes://user@ftp.example.com/htdocs',
  );
}

function wrongOrder(verb: 'push' | 'pull', folder: string, url: string): UsageError {
  const right = verb === 'push' ? `${folder} ${url}` : `${url} ${folder}`;
  const other = verb === 'push' ? `pull ${url} ${folder}` : `push ${folder} ${url}`;
  const way = verb === 'push' ? 'from a local folder to a server' : 'from a server to a local folder';
  return new UsageError(
    `ferry ${verb} copies ${way}; run: ferry ${verb} ${printable(right)}, or: ferry ${printable(other)}`,
  );
}
