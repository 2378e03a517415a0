/** Finds `sync.config.json`, reads it and checks it as a whole. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigError, printable, systemReason } from '../model/index.ts';
import { type Complaint, complaints, wanted } from './complaint.ts';
import { jsonPlaces, type Place } from './json-places.ts';
import { didYouMean } from './nearest.ts';
import { type ConfigText, configSchema, type JobText, type ServerText, type ServeText } from './schema.ts';
import { processSurroundings, type Surroundings } from './surroundings.ts';
import { looksLikeUrl, parseRemoteUrl } from './url.ts';

export const CONFIG_NAME = 'sync.config.json';

/** A configuration that is right in itself. Nothing in it was resolved: no secret is read, no file but its own. */
export interface Config {
  /** Absolute path of the file. */
  readonly file: string;
  /** The folder it is in; what it says about local paths is relative to this. */
  readonly folder: string;
  /** Whether others on this machine can read it, so that it must hold no password. */
  readonly exposed: boolean;
  readonly servers: ReadonlyMap<string, ServerText>;
  readonly jobs: ReadonlyMap<string, JobText>;
  /** The section of `ferry serve`. */
  readonly serve?: ServeText;
}

export interface LoadOptions {
  /** The file that `-c` names, relative to the working folder. */
  readonly file?: string | undefined;
  readonly surroundings?: Surroundings | undefined;
}

/**
 * Reads the configuration that `file` names, or the first one found from the working folder upwards; null where there
 * is none. Throws a ConfigError that lists everything wrong with it, by key and line.
 */
export async function loadConfig(options: LoadOptions = {}): Promise<Config | null> {
  const { cwd } = options.surroundings ?? processSurroundings();
  if (options.file !== undefined) {
    const file = resolve(cwd, options.file);
    const config = await readConfig(file);
    if (config === null) throw new ConfigError(`${printable(file)} does not exist`);
    return config;
  }
  for (let folder = cwd; ; folder = dirname(folder)) {
    const config = await readConfig(join(folder, CONFIG_NAME));
    if (config !== null || dirname(folder) === folder) return config;
  }
}

/**
 * A configuration that is no file: what would stand in one. Relative paths are seen from the working folder.
 * Throws a ConfigError that lists everything wrong with it.
 */
export function configOf(content: ConfigText, { surroundings = processSurroundings() }: LoadOptions = {}): Config {
  const { servers, jobs, serve } = parseConfig(JSON.stringify(content), 'the configuration');
  return Object.freeze({
    file: 'the configuration',
    folder: surroundings.cwd,
    exposed: false,
    servers: new Map(Object.entries(servers ?? {})),
    jobs: new Map(Object.entries(jobs ?? {})),
    ...(serve === undefined ? {} : { serve }),
  });
}

async function readConfig(file: string): Promise<Config | null> {
  let text: string;
  let mode: number;
  try {
    text = await readFile(file, 'utf8');
    mode = (await stat(file)).mode;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new ConfigError(`${printable(file)} could not be read: ${systemReason(error)}`, { cause: error });
  }
  const { servers, jobs, serve } = parseConfig(text, file);
  return Object.freeze({
    file,
    folder: dirname(file),
    exposed: process.platform !== 'win32' && (mode & 0o077) !== 0,
    servers: new Map(Object.entries(servers ?? {})),
    jobs: new Map(Object.entries(jobs ?? {})),
    ...(serve === undefined ? {} : { serve }),
  });
}

/** Checks the text of a configuration; `file` is its name in messages. Throws a ConfigError. */
export function parseConfig(text: string, file: string): ConfigText {
  const json = text.replace(/^\ufeff/, '');
  const { places, refused, fault } = jsonPlaces(json);
  if (fault) {
    const { line, column } = fault.place;
    throw new ConfigError(`${printable(file)} is not JSON at line ${line}, column ${column}: ${fault.why}`);
  }
  // A key that is missing stands where the object does that it is missing from.
  const placeOf = (path: string): Place =>
    refused.find((key) => key.path === path)?.place ??
    places.get(path) ??
    (path === '' ? { line: 1, column: 1 } : placeOf(path.replace(/(?:^|\.|\[)[^.[]*$/, '')));
  const data: unknown = JSON.parse(json);
  const result = configSchema.safeParse(data, { error: wanted });
  const problems: Complaint[] = [
    ...refused.map(({ path, why }) => ({ path, what: why })),
    ...(result.success ? contradictions(result.data) : complaints(result.error.issues, data)),
  ];
  if (result.success && problems.length === 0) return result.data;

  const placed = problems.map((problem) => ({ ...problem, ...placeOf(problem.path) }));
  placed.sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = placed.map(
    ({ path, line, what }) => `  ${printable(path || 'the whole')} (line ${line}): ${printable(what)}`,
  );
  const count = lines.length === 1 ? '1 mistake' : `${lines.length} mistakes`;
  throw new ConfigError(`${printable(file)} has ${count}:\n${lines.join('\n')}`);
}

/** What is wrong between keys that are right each by itself. */
function contradictions({ servers = {}, jobs = {} }: ConfigText): Complaint[] {
  const found: Complaint[] = [];
  for (const [name, server] of Object.entries(servers)) {
    const url = parseRemoteUrl(server.url);
    if (server.tls && url.protocol === 'ftp')
      found.push({ path: `servers.${name}.tls`, what: 'ftp:// is plain text; use ftpes:// or ftps:// in url' });
    if (server.mode === 'active' && server.proxy !== undefined && server.proxy !== 'none')
      found.push({
        path: `servers.${name}.mode`,
        what: 'active cannot go through a proxy, because the server has to connect back; use passive, or "proxy": "none"',
      });
    if (server.user && url.user) found.push({ path: `servers.${name}.user`, what: 'the url names a user already' });
    if (server.password && url.password)
      found.push({ path: `servers.${name}.password`, what: 'the url holds a password already' });
    if (server.tls && (server.tls.cert === undefined) !== (server.tls.key === undefined))
      found.push({ path: `servers.${name}.tls`, what: 'cert and key go together; one of them is missing' });
  }
  for (const [name, job] of Object.entries(jobs)) {
    const isUrl = looksLikeUrl(job.server);
    const server = Object.hasOwn(servers, job.server) ? servers[job.server] : undefined;
    if (!isUrl && !server) {
      const meant = didYouMean(job.server, Object.keys(servers));
      found.push({ path: `jobs.${name}.server`, what: `there is no server ${JSON.stringify(job.server)}${meant}` });
      continue;
    }
    for (const key of ['release', 'maintenance', 'keepVersions', 'after'] as const) {
      if (job.direction !== 'push' && job[key] !== undefined)
        found.push({ path: `jobs.${name}.${key}`, what: `this is for a push, and the job is a ${job.direction}` });
    }
    if (job.backup !== undefined && job.direction === 'sync')
      found.push({
        path: `jobs.${name}.backup`,
        what: 'this is for a pull or a push, and the job is a sync; make a job of its own for the backup: { "direction": "pull", ... }',
      });
    if (job.backup !== undefined && job.direction === 'pull') {
      if (job.delete !== undefined && job.delete !== 'all')
        found.push({
          path: `jobs.${name}.delete`,
          what: 'a snapshot is what the server holds, and the older ones keep what is gone there; leave this out',
        });
      if (job.drift !== undefined)
        found.push({ path: `jobs.${name}.drift`, what: 'nobody else writes into a snapshot; leave this out' });
    }
    if (job.after !== undefined && job.delete !== undefined && job.delete !== 'none')
      found.push({
        path: `jobs.${name}.delete`,
        what: 'with "after", what was sent is gone here: nothing may be deleted on the server for that; leave this out',
      });
    if (job.after !== undefined && job.state === 'remote')
      found.push({
        path: `jobs.${name}.state`,
        what: 'a hot folder is emptied by what this machine remembers of its files ("after"); leave this out',
      });
    if (job.maintenance !== undefined && job.release !== 'staged')
      found.push({
        path: `jobs.${name}.maintenance`,
        what: 'this needs "release": "staged": else nothing is published at once',
      });
    const url = isUrl ? job.server : server!.url;
    if (job.remote !== undefined && parseRemoteUrl(url).remote !== '')
      found.push({ path: `jobs.${name}.remote`, what: 'the url of the server names a folder already' });
  }
  return found;
}
