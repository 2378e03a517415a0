/** lftp and rclone, asked for the same as Ferry: make the other side like this one, deletes included. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { JobSettings } from '../../../src/config/settings.ts';
import type { Performed } from '../../builders/perform.ts';
import type { Subject } from './subject.ts';

type Commands = (job: JobSettings, password: string) => readonly [program: string, ...args: string[]];

const lftp: Commands = ({ direction, local, remote, server }, password) => {
  const seconds = Math.max(1, Math.round(server.dataTimeout / 1000));
  const settings = [
    'cmd:fail-exit yes',
    'net:max-retries 2',
    `net:timeout ${seconds}`,
    'net:reconnect-interval-base 1',
    'ftp:ssl-allow no',
    'ftp:prefer-epsv yes',
    'ftp:list-options -a',
  ];
  const ends = direction === 'push' ? `-R "${local}" "${remote}"` : `"${remote}" "${local}"`;
  const script = [
    ...settings.map((one) => `set ${one}`),
    `open -u ${server.user},${password} ftp://${server.host}:${server.port}`,
    `mirror --delete --no-perms ${ends}`,
  ];
  return ['lftp', '--norc', '-c', script.join('; ')];
};

const rclone: Commands = ({ direction, local, remote, server }, password) => {
  const obscured = execFileSync('rclone', ['obscure', password], { encoding: 'utf8' }).trim();
  const seconds = `${Math.max(1, Math.round(server.dataTimeout / 1000))}s`;
  const there = `:ftp:${remote}`;
  return [
    'rclone',
    'sync',
    ...(direction === 'push' ? [local, there] : [there, local]),
    ...[
      '--ftp-host',
      server.host,
      '--ftp-port',
      String(server.port),
      '--ftp-user',
      server.user,
      '--ftp-pass',
      obscured,
    ],
    ...['--config', '/dev/null', '--retries', '2', '--low-level-retries', '3', '--timeout', seconds],
  ];
};

function peer(name: string, commands: Commands): Subject {
  return {
    name,
    forgetful: true,
    run: async (job, _, options): Promise<Performed> => {
      const [program, ...args] = commands(job, await job.server.password());
      const env = { PATH: process.env.PATH, HOME: '/nonexistent', LC_ALL: 'C.UTF-8' };
      const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
      options?.signal?.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (piece: string) => {
        said = (said + piece).slice(-500);
      });
      const code = await new Promise<number>((done) => child.once('close', (ended) => done(ended ?? 137)));
      // Any failure of theirs is 1, which with Ferry stands for what nobody foresaw.
      const exitCode = code === 0 ? 0 : 3;
      const summary = { job: '', exitCode, message: said, uploaded: 0, downloaded: 0, renamed: 0, deleted: 0 };
      const rest = { unchanged: 0, sameBySize: 0, failed: 0, problems: 0, bytesSent: 0, bytesReceived: 0 };
      const cost = { commands: 0, connections: 0, seconds: 0 };
      return {
        summary: { ...summary, ...rest, ...cost } as never,
        events: [],
        plan: undefined,
        done: [],
        problems: [],
      };
    },
  };
}

/** Those that are on this machine, each with its version. */
export function peers(): Subject[] {
  const known: [string, string, Commands][] = [
    ['lftp', '--version', lftp],
    ['rclone', 'version', rclone],
  ];
  return known.flatMap(([program, argument, commands]) => {
    const { stdout, error } = spawnSync(program, [argument], { encoding: 'utf8', timeout: 10_000 });
    return error ? [] : [peer(`${program} ${/\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? ''}`, commands)];
  });
}
