/** The verb `serve`: an FTP server on a folder, until a signal stops it. */
import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadConfig, pem, processSurroundings, resolveServe, type ServeSettings } from '../../config/index.ts';
import { ConfigError, EXIT, InterruptedError, printable, systemReason, UsageError } from '../../model/index.ts';
import { everything, FtpServer, isHash, readOnly } from '../../server/index.ts';
import { askSecret, someoneIsThere } from '../ask.ts';
import type { Context, Verb } from '../context.ts';
import { giveTime } from '../interruption.ts';
import { jsonLine, logLine, unsaidAt } from '../serve/access-log.ts';
import { addressText, isLoopback, listenFailure, networkAddresses, warningsOf, whoLines } from '../serve/advice.ts';
import { addServeOptions, type ServeFlags, withFlags } from '../serve/flags.ts';
import { readHash } from '../serve/hash.ts';
import { type GivenUser, serveUser } from '../serve/user-flag.ts';
import { PASSWORD_SEEN } from '../target.ts';

/** How long transfers may go on after a signal, ms. */
const GRACE = 10_000;
const PORT = 2121;

export const serve: Verb = (program, context) => {
  const verb = program
    .command('serve')
    .description('an FTP server on a folder')
    .argument('[folder]', 'what to serve; without it, the configuration says')
    .usage('[folder] [options]');
  addServeOptions(verb)
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string | undefined, flags: ServeFlags) => {
      if (flags.hash) {
        context.stdout.line(await readHash());
        context.finish(EXIT.agreed);
        return;
      }
      context.finish(await serveUntilStopped(await settingsOf(folder, flags), flags, context));
    });
};

const EXAMPLES = `
Examples:
  ferry serve ./drop --user ann              asks for the password
  ferry serve ./public --anonymous --host :: anybody may read
  ferry serve -c sync.config.json            users, homes, hooks from there
  ferry serve --hash                         a password for the configuration

Permissions: e enter folders, l list, r read, a append, d delete, f rename,
m make folders, w write, M change modes, T set times; without any: all.
SIGTERM or Ctrl-C lets transfers finish, a second one does not.
`;

async function settingsOf(folder: string | undefined, flags: ServeFlags): Promise<ServeSettings> {
  const surroundings = processSurroundings();
  const { cwd } = surroundings;
  const wanted = folder === undefined || flags.config !== undefined;
  const config = wanted ? await loadConfig({ file: flags.config, surroundings }) : null;
  if (folder === undefined && config === null) {
    throw new UsageError('name the folder to serve: ferry serve ./folder --user NAME; or write a "serve" section');
  }
  const written = config === null ? { users: [] } : await resolveServe(config, surroundings);
  const settings = withFlags(written, flags);
  const named = await Promise.all((flags.user ?? []).map((user) => withPassword(user)));
  const names = new Set(named.map(({ name }) => name));
  const users = [...written.users.filter(({ name }) => !names.has(name)), ...named];
  if (names.size < named.length) throw new UsageError('--user: the same name is given twice');
  if (users.length === 0 && !settings.anonymous) {
    throw new UsageError(
      'nobody could log in: give --user NAME:PASSWORD, or --anonymous for reading without a password',
    );
  }
  const tls = await tlsOf(settings, flags, cwd);
  return {
    ...settings,
    users,
    ...(tls === undefined ? {} : { tls }),
    ...(folder === undefined ? {} : { root: resolve(cwd, folder) }),
  };
}

// A password that is not on the command line is one that nobody else on this machine sees.
async function withPassword(user: GivenUser) {
  if (user.password !== undefined) return serveUser(user, user.password);
  const password =
    process.env.FERRY_PASSWORD || (someoneIsThere() ? await askSecret(`Password for ${user.name}: `) : '');
  if (password !== '') return serveUser(user, password);
  throw new UsageError(
    `there is no password for ${printable(user.name)}: set FERRY_PASSWORD, give --user NAME:PASSWORD, or use the configuration`,
  );
}

async function tlsOf(settings: ServeSettings, flags: ServeFlags, cwd: string): Promise<ServeSettings['tls']> {
  const { tlsCert, tlsKey, tlsRequired, tlsImplicit } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw new UsageError('--tls-cert and --tls-key go together');
  const files =
    tlsCert === undefined || tlsKey === undefined
      ? settings.tls
      : {
          ...settings.tls,
          cert: await pem(resolve(cwd, tlsCert), '--tls-cert'),
          key: await pem(resolve(cwd, tlsKey), '--tls-key'),
        };
  if (files === undefined) {
    if (tlsRequired || tlsImplicit) throw new UsageError('there is no certificate: give --tls-cert and --tls-key');
    return undefined;
  }
  return { ...files, ...(tlsRequired ? { required: true } : {}), ...(tlsImplicit ? { implicit: true } : {}) };
}

async function serveUntilStopped(
  settings: ServeSettings,
  flags: ServeFlags,
  { stdout, signal }: Context,
): Promise<number> {
  const { grace = GRACE, host = '127.0.0.1', port = PORT } = settings;
  await demandHomes(settings);
  const server = serverOf({ ...settings, host, port });
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const level = flags.quiet ? -1 : flags.verbose;
  server.onEvery(
    (name, event) => {
      if (flags.json) stdout.line(jsonLine(name, event));
      const line = flags.json && name !== 'problem' ? undefined : logLine(name, event, level);
      if (line !== undefined) say(line);
    },
    flags.json ? [] : unsaidAt(level),
  );
  const address = await server.listen().catch((error: unknown) => {
    throw listenFailure(error, { ...settings, host, port });
  });
  // Some longer, so that it is the server that cuts what is left, and says so.
  giveTime(grace + 5000);
  const seen = flags.user?.some(({ password }) => password !== undefined && !isHash(password)) ?? false;
  for (const warning of [...(seen ? [PASSWORD_SEEN] : []), ...warningsOf(settings)]) say(`warning: ${warning}`);
  if (flags.json) {
    const { root = null } = settings;
    stdout.line(JSON.stringify({ type: 'listening', time: now(), url: server.url, ...address, folder: root }));
  } else if (!flags.quiet) {
    say(`Serving ${printable(settings.root ?? 'the homes of its users')} at ${server.url}`);
    for (const line of whoLines(settings)) say(`  ${line}`);
    for (const place of networkAddresses(address)) say(`  from the network: ${place}`);
    if (isLoopback(host)) say(`Only this machine can reach ${addressText(address)}; --host :: is for the network.`);
    say('Ctrl-C stops it.');
  }
  await stopped(signal);
  const { reason } = signal;
  if (flags.json) stdout.line(JSON.stringify({ type: 'stopping', time: now(), connections: server.connections }));
  else if (!flags.quiet && server.connections > 0) {
    say(`Stopping; transfers may go on for ${grace / 1000} s, a second signal cuts them.`);
  }
  await server.close(grace);
  if (flags.json) stdout.line(JSON.stringify({ type: 'stopped', time: now() }));
  return reason instanceof InterruptedError && reason.signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
}

function now(): string {
  return new Date().toISOString();
}

function serverOf(settings: ServeSettings): FtpServer {
  const { grace: _, anonymous = false, ...options } = settings;
  try {
    return new FtpServer({ ...options, anonymous });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('ERR_OSSL') || code?.startsWith('ERR_SSL') || code === 'ERR_CRYPTO_OPERATION_FAILED') {
      throw new ConfigError(`the certificate or its key cannot be used: ${message}`, { cause: error });
    }
    if (error instanceof TypeError || error instanceof RangeError) throw new ConfigError(message, { cause: error });
    throw error;
  }
}

// A home that is not there would only show when somebody logs in.
async function demandHomes({ root, users, anonymous }: ServeSettings): Promise<void> {
  const guest = anonymous ? [{ name: 'anonymous', ...(anonymous === true ? {} : anonymous) }] : [];
  for (const { name, home = root, permissions = name === 'anonymous' ? readOnly : everything } of [
    ...users,
    ...guest,
  ]) {
    if (home === undefined)
      throw new ConfigError(`the user ${printable(name)} has no home, and there is no folder to serve`);
    const what = home === root ? printable(home) : `${printable(home)}, the home of ${printable(name)},`;
    const failed = (why: string) => new UsageError(`${what} ${why}`);
    const found = await stat(home).catch((error: NodeJS.ErrnoException) => {
      throw failed(
        error.code === 'ENOENT' ? 'does not exist; make it first' : `cannot be looked at: ${systemReason(error)}`,
      );
    });
    if (!found.isDirectory()) throw failed('is not a folder');
    const writes = [...permissions].some((letter) => 'adfmw'.includes(letter));
    const mode = constants.R_OK | constants.X_OK | (writes ? constants.W_OK : 0);
    await access(home, mode).catch(() => {
      throw failed(`cannot be ${writes ? 'written' : 'read'} by the user that runs this`);
    });
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
