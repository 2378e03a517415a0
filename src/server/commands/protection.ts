// TLS: AUTH, PBSZ, PROT (RFC 2228, RFC 4217).
import { Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Command } from './command.ts';

export const protectionCommands: readonly Command[] = [
  { verb: 'AUTH', syntax: 'AUTH TLS', argument: 'required', beforeLogin: true, run: auth },
  { verb: 'PBSZ', syntax: 'PBSZ 0', argument: 'required', beforeLogin: true, run: pbsz },
  { verb: 'PROT', syntax: 'PROT C|P', argument: 'required', beforeLogin: true, run: prot },
  { verb: 'CCC', syntax: 'CCC', argument: 'none', run: ccc },
];

async function auth(session: Session, argument: string): Promise<void> {
  const { connection, tls } = session;
  if (tls === undefined) throw new Refusal(502, 'There is no TLS on this server.');
  if (connection.secure) throw new Refusal(503, 'TLS is on already.');
  // TLS-P and SSL are older drafts' names for AUTH TLS with PROT P.
  const name = argument.toUpperCase();
  if (!['TLS', 'TLS-C', 'SSL', 'TLS-P'].includes(name)) throw new Refusal(504, 'AUTH TLS is the only one here.');
  // RFC 4217, 4.2: whoever logged in before has to do it again.
  session.logout();
  session.startLoginClock();
  const started = await connection.startTls('234 Start TLS now.\r\n', tls);
  if (!started) {
    session.leave(421, 'Commands behind AUTH TLS came unprotected.');
    return;
  }
  setProtection(session, name === 'SSL' || name === 'TLS-P');
}

function pbsz(session: Session, argument: string): void {
  if (!session.connection.secure) throw new Refusal(503, 'AUTH TLS comes first.');
  if (!/^\d{1,10}$/.test(argument)) throw new Refusal(501, 'Syntax: PBSZ 0');
  session.bufferSizeGiven = true;
  session.reply(200, argument === '0' ? 'PBSZ=0' : 'PBSZ=0 is enough with TLS.');
}

function prot(session: Session, argument: string): void {
  if (!session.connection.secure) throw new Refusal(503, 'AUTH TLS comes first.');
  if (!session.bufferSizeGiven) throw new Refusal(503, 'PBSZ 0 comes first.');
  const level = argument.toUpperCase();
  const { tls } = session.host.settings;
  if (level === 'P') {
    setProtection(session, true);
    session.reply(200, 'Data connections are protected.');
  } else if (level === 'C') {
    if (tls?.required || tls?.implicit) throw new Refusal(534, 'Data must be protected here.');
    setProtection(session, false);
    session.reply(200, 'Data connections are plain.');
  } else if (level === 'S' || level === 'E') {
    throw new Refusal(536, 'TLS knows C and P only.');
  } else {
    throw new Refusal(504, 'PROT takes C or P.');
  }
}

async function ccc(session: Session): Promise<void> {
  const { connection, host } = session;
  if (!connection.secure) throw new Refusal(533, 'There is no TLS to leave.');
  if (!host.tls?.clearable) throw new Refusal(534, 'The control connection stays protected here.');
  // What came behind CCC in one piece was meant to be plain, and was not.
  if (connection.unread) throw new Refusal(503, 'Nothing may follow CCC until it is answered.');
  await connection.endTls('200 Plain text from here on.\r\n');
}

// A data connection that was announced before was announced as it was then.
function setProtection(session: Session, on: boolean): void {
  session.dropSource();
  session.protectedData = on;
}
