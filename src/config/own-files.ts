/**
 * Files of the configuration that lie in the folder it is about: they say how to get into a server, and are never carried
 * to it, nor written over by what is there.
 */
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { fileAt } from './file-at.ts';
import type { Config } from './load.ts';
import type { JobText, ServerText } from './schema.ts';

/**
 * gitignore patterns of the configuration itself, and of what holds the secrets of its server; by whichever links either
 * is reached.
 */
export async function ownFiles(config: Config, job: JobText, local: string, home: string): Promise<string[]> {
  const { file, folder, servers } = config;
  const secrets = secretsOf(servers.get(job.server)).map((name) => fileAt(name, folder, home));
  // One that was handed over by a program is no file.
  return patternsIn(local, isAbsolute(file) ? [file, ...secrets] : secrets);
}

/** gitignore patterns of those absolute paths that lie in a folder, by whichever links it or they are reached. */
export async function patternsIn(local: string, files: readonly string[]): Promise<string[]> {
  const roots = await namesOf(local);
  const paths = (await Promise.all(files.map(namesOf))).flat();
  const patterns = paths.flatMap((path) => roots.flatMap((root) => patternOf(root, path)));
  return [...new Set(patterns)];
}

/** As it was written, and where that leads. */
async function namesOf(path: string): Promise<string[]> {
  return [path, await realpath(path).catch(() => path)];
}

function patternOf(root: string, path: string): string[] {
  const within = relative(root, path);
  if (within === '' || within.startsWith('..') || isAbsolute(within)) return [];
  return [`/${literally(within.split(sep).join('/'))}`];
}

function secretsOf(server: ServerText | undefined): string[] {
  const { password, tls } = server ?? {};
  const file = typeof password === 'object' && 'file' in password ? password.file : undefined;
  // A key may be written out in full.
  const key = tls?.key?.includes('\n') ? undefined : tls?.key;
  return [file, key].filter((name) => name !== undefined);
}

/** A gitignore pattern that means exactly this path. */
export function literally(path: string): string {
  return path.replaceAll(/[\\*?[\]!# ]/g, '\\$&');
}
