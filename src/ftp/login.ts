/** From the greeting to a connection that is ready to work: the login, and the settings every session needs. */
import { ConfigError, LostError, NameError, ProtocolError, TlsError } from '../model/errors.ts';
import { hashName, isVsftpd } from './capabilities.ts';
import { notAdmitted } from './failure.ts';
import type { ServerOptions } from './options.ts';
import type { Pipeline } from './pipeline.ts';
import type { Reply } from './reply.ts';
import type { Site } from './site.ts';
import { ECHO, refuseReplacing } from './utf8-only.ts';

export type Credentials = Pick<ServerOptions, 'user' | 'password' | 'account'>;

/** USER, PASS, ACCT (RFC 959, 5.4). Each is sent once the one before was answered; resolves with the last answer. */
export async function authenticate(site: Site, pipeline: Pipeline, credentials: Credentials): Promise<Reply> {
  const { user, password, account } = credentials;
  let reply = await pipeline.send(`USER ${site.codec.encode(user)}`);
  if (reply.code === 331) {
    reply = await pipeline.send(`PASS ${secret(site, await password())}`);
    site.knowledge.loginAtOnce ??= reply.ok;
  }
  if (reply.code === 332 && account !== undefined) reply = await pipeline.send(`ACCT ${secret(site, account)}`);
  if (!reply.ok) throw notAdmitted(site.place, reply, user);
  return reply;
}

/**
 * The same and the settings in one flight, on a server that took USER and PASS before: nothing of it hangs on an answer but
 * whether it counts. Saves two round trips on each connection after the first.
 */
async function authenticateAtOnce(
  site: Site,
  pipeline: Pipeline,
  ready: (admitted: Promise<void>) => Promise<void>,
): Promise<void> {
  const { user, password } = site.options;
  const pass = `PASS ${secret(site, await password())}`;
  const first = pipeline.send(`USER ${site.codec.encode(user)}`);
  const second = pipeline.send(pass);
  const admit = async () => {
    const asked = await first;
    const reply = asked.code === 331 ? await second : asked;
    if (!reply.ok) throw notAdmitted(site.place, reply);
  };
  const admitted = admit();
  const prepared = ready(admitted);
  // Why the server does not let us in is said by the first answer that does not.
  for (const one of [second, prepared]) one.catch(() => {});
  await admitted;
  await prepared;
}

/** A secret on the wire. The error for one that cannot be written does not show it. */
export function secret(site: Site, text: string): string {
  try {
    return site.codec.encode(text);
  } catch {
    throw new NameError(`the password or account cannot be written in ${site.codec.name}: set encoding`);
  }
}

/**
 * The folder in `257 "folder" ...`, a quote in it doubled (RFC 959, appendix II). Without quotes only where nothing else is
 * said: where it ends, nobody knows.
 */
export function folderOf(reply: Reply): string | undefined {
  if (reply.code !== 257) return undefined;
  const line = reply.lines[0] ?? '';
  const quoted = /"((?:[^"]|"")*)"/.exec(line);
  if (quoted) return quoted[1]!.replaceAll('""', '"') || undefined;
  return /^257 (\/\S*)$/.exec(line)?.[1];
}

/** The folder that the login starts in; undefined where the server does not tell. Old ones have XPWD (RFC 775). */
async function homeBy(pipeline: Pipeline, reply: Reply): Promise<string | undefined> {
  const told = reply.ok ? reply : await pipeline.send('XPWD');
  return /^257 ""(?:\s|$)/.test(told.message) ? '/' : folderOf(told);
}

/** Throws a ConfigError where the pair lies below a folder that the server does not tell: no other is taken for it. */
function demandHome(site: Site): void {
  const { knowledge, options, inHome, place } = site;
  if (!inHome || !knowledge.asked || knowledge.home !== undefined) return;
  throw new ConfigError(
    `${place} does not say which folder the login starts in (PWD): give the whole path, such as ${options.protocol}://${place}/folder`,
  );
}

/**
 * A name that is not there. Whether a server that was asked to enter it has undone the doubling of 0xFF, by the name in its refusal. vsftpd
 * names nothing and does not; where nothing tells, the RFC holds. Matters in charsets that have a letter there
 * (windows-1251).
 */
const PROBE = '/ferry-\xff-probe';

function isTelnet(refusal: Reply, type: Reply): boolean {
  if (refusal.message.includes('ferry-\xff\xff-probe')) return false;
  if (refusal.message.includes('ferry-\xff-probe')) return true;
  return !isVsftpd(type);
}

/** Rejects with a ConfigError where the session could not tell where the pair lies. */
export async function login(site: Site, pipeline: Pipeline): Promise<void> {
  await enter(site, pipeline);
  demandHome(site);
}

async function enter(site: Site, pipeline: Pipeline): Promise<void> {
  const { knowledge } = site;
  const ready = (admitted?: Promise<void>) => prepare(site, pipeline, site.options.protocol !== 'ftp', admitted);
  if (!knowledge.loginAtOnce || !knowledge.pipelining) {
    await authenticate(site, pipeline, site.options);
    return ready();
  }
  try {
    await authenticateAtOnce(site, pipeline, ready);
  } catch (error) {
    // It may have been too much at once.
    if (error instanceof LostError || error instanceof ProtocolError) knowledge.loginAtOnce = false;
    throw error;
  }
}

/**
 * Sends all settings in one flight. The first session also asks what the server can do. Binary is set before anything
 * else: some servers refuse SIZE in ASCII, and would change what is sent.
 * @param admitted where the login is still under way: whether the server lets us in; from somebody whom it does not, it
 * hides what it can do and where home is
 */
export async function prepare(
  site: Site,
  pipeline: Pipeline,
  secure: boolean,
  admitted?: Promise<void>,
): Promise<void> {
  const { knowledge } = site;
  const first = !knowledge.asked;
  const clear = site.options.tls.protect === 'clear';
  const prot = clear ? 'PROT C' : 'PROT P';
  const [type, , , protection, features, system, probe, echo, folder] = await Promise.all([
    pipeline.send('TYPE I'),
    site.utf8 ? pipeline.send('OPTS UTF8 ON') : undefined,
    secure ? pipeline.send('PBSZ 0') : undefined,
    secure ? pipeline.send(prot) : undefined,
    first ? pipeline.send('FEAT') : undefined,
    first ? pipeline.send('SYST') : undefined,
    first && !site.utf8 ? pipeline.send(`CWD ${PROBE}`) : undefined,
    first && !site.utf8 ? pipeline.send(ECHO) : undefined,
    first ? pipeline.send('PWD') : undefined,
  ]);
  await admitted;
  if (!type.ok) throw notAdmitted(site.place, type);
  if (protection && !protection.ok) {
    // Never without protection, silently: the data would travel in the clear.
    const said = `${prot}: ${protection.code} ${protection.text}`;
    throw new TlsError(
      clear
        ? `${site.place} refuses data connections in plain text (${said}); leave tls.protect out`
        : `${site.place} refuses to protect data connections (${said}); use protocol ftp, or tls.protect "clear", if that is meant`,
    );
  }
  if (echo) refuseReplacing(site, echo);
  if (first) knowledge.learnType(type);
  if (system) knowledge.learnSystem(system);
  if (features) knowledge.learnFeatures(features);
  if (probe) knowledge.telnet = isTelnet(probe, type);
  if (folder) knowledge.home = await homeBy(pipeline, folder);

  const facts = knowledge.wantedFacts;
  const hash = knowledge.hash;
  const options_: Promise<Reply>[] = [];
  if (facts !== undefined) options_.push(pipeline.send(`OPTS MLST ${facts}`));
  if (hash?.verb === 'HASH') options_.push(pipeline.send(`OPTS HASH ${hashName(hash.algorithm)}`));
  // A refusal changes nothing, and nobody needs to wait for it. A lost connection is noticed by the next command.
  for (const one of options_) one.catch(() => {});
}
