// rclone's sync over its ftp backend.
import { execFileSync } from 'node:child_process';
import type { Command } from '../measure.ts';
import type { Place } from '../place.ts';
import { versionOf } from './installed.ts';

export const rcloneVersion = (): string | undefined => versionOf('rclone', 'version');

export function rcloneUp(from: string, to: Place, connections: number, ...more: string[]): Command {
  return rclone(to, connections, ['sync', from, `:ftp:${to.path}`, ...more]);
}

export function rcloneDown(from: Place, to: string, connections: number, ...more: string[]): Command {
  return rclone(from, connections, ['sync', `:ftp:${from.path}`, to, ...more]);
}

function rclone({ host, port, user, password }: Place, connections: number, work: string[]): Command {
  const obscured = execFileSync('rclone', ['obscure', password], { encoding: 'utf8' }).trim();
  const server = ['--ftp-host', host, '--ftp-port', String(port), '--ftp-user', user, '--ftp-pass', obscured];
  const many = ['--transfers', String(connections), '--checkers', String(connections)];
  return {
    program: 'rclone',
    args: [...work, ...server, ...many, '--config', '/dev/null'],
    env: { PATH: process.env.PATH, HOME: '/nonexistent', LC_ALL: 'C.UTF-8' },
  };
}
