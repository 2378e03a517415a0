// Coming and going: USER, PASS, ACCT, REIN, QUIT (RFC 959, 4.1.1).
import { toUnicode } from '../filesystem.ts';
import { Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Command } from './command.ts';

export const accessCommands: readonly Command[] = [
  { verb: 'USER', syntax: 'USER name', argument: 'required', beforeLogin: true, run: user },
  { verb: 'PASS', syntax: 'PASS password', argument: 'optional', beforeLogin: true, run: pass },
  { verb: 'ACCT', syntax: 'ACCT account', argument: 'required', beforeLogin: true, run: acct },
  { verb: 'REIN', syntax: 'REIN', argument: 'none', beforeLogin: true, run: rein },
  { verb: 'QUIT', syntax: 'QUIT', argument: 'none', beforeLogin: true, run: quit },
];

function user(session: Session, name: string): void {
  const { tls } = session.host.settings;
  if ((tls?.required || tls?.implicit) && !session.connection.secure) {
    throw new Refusal(530, 'Only over TLS: AUTH TLS first.');
  }
  if (session.user !== undefined) session.logout();
  session.claimedName = name;
  const anonymous = session.host.users.isAnonymous(toUnicode(name));
  session.reply(331, anonymous ? 'Send your e-mail address as the password.' : 'Send the password.');
}

async function pass(session: Session, password: string): Promise<void> {
  const { host, claimedName } = session;
  if (session.user !== undefined) throw new Refusal(503, 'Logged in already.');
  if (claimedName === undefined) throw new Refusal(503, 'USER comes first.');
  session.claimedName = undefined;
  const name = toUnicode(claimedName);
  const user = await host.users.login(name, toUnicode(password));
  if (user === undefined) return await refuse(session, name);
  await session.login(user);
  host.failedLogins.succeeded(session.address);
  session.reply(230, user.welcome);
}

async function refuse(session: Session, name: string): Promise<void> {
  const { host } = session;
  session.failedLogins++;
  session.emit('loginFailed', { ...session.about(), name });
  await session.pause(host.failedLogins.failed(session.address, Date.now()));
  if (session.failedLogins < host.settings.maxLoginAttempts) throw new Refusal(530, 'Wrong name or password.');
  session.leave(421, 'Wrong name or password, too many times.');
}

function acct(session: Session): void {
  session.reply(202, 'No account is needed.');
}

function rein(session: Session): void {
  session.logout();
  session.reply(220, 'Ready for a new user.');
}

function quit(session: Session): void {
  session.leave(221, 'Goodbye.');
}
