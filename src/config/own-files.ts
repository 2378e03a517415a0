/**
 * Files of the configuration that lie in the folder it is about: they say how to get into a server, and are never carried
 * to it, nor written over by what is there.
 */
import { isAbsolute, relative, sep } from 'node:path';
import { fileAt } from './file-at.ts';
import type { Config } from './load.ts';
import type { JobText, ServerText } from './schema.ts';

/** gitignore patterns of the configuration itself, and of what holds the secrets of its server. */
export function ownFiles({ file, folder, servers }: Config, job: JobText, local: string, home: string): string[] {
  const secrets = secretsOf(servers.get(job.server)).map((name) => fileAt(name, folder, home));
  return [file, ...secrets].flatMap((path) => {
    const within = relative(local, path);
    if (within === '' || within.startsWith('..') || isAbsolute(within)) return [];
    return [`/${literally(within.split(sep).join('/'))}`];
  });
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
