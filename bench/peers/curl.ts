// curl, for what one connection carries.
import type { Command } from '../measure.ts';
import type { Place } from '../place.ts';
import { versionOf } from './installed.ts';

export const curlVersion = (): string | undefined => versionOf('curl', '--version');

const env = { PATH: process.env.PATH, HOME: '/nonexistent', LC_ALL: 'C.UTF-8' };

export const curlUp = (file: string, to: Place): Command => ({
  program: 'curl',
  args: ['-q', '-sS', '-T', file, ...where(to)],
  env,
});

export const curlDown = (from: Place, file: string): Command => ({
  program: 'curl',
  args: ['-q', '-sS', '-o', file, ...where(from)],
  env,
});

const where = ({ host, port, user, password, path }: Place): string[] => [
  '--user',
  `${user}:${password}`,
  `ftp://${host}:${port}${path}`,
];
