// Where the next data connection comes from: PASV, EPSV, PORT, EPRT (RFC 959, RFC 2428).
import { isIPv6 } from 'node:net';
import { ActiveSource, type Address, parseEprt, parsePort } from '../data/active.ts';
import { PassiveSource } from '../data/passive.ts';
import { plainAddress } from '../data/source.ts';
import { Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Command } from './command.ts';

export const addressCommands: readonly Command[] = [
  { verb: 'PASV', syntax: 'PASV', argument: 'none', run: pasv },
  { verb: 'EPSV', syntax: 'EPSV [1|2|ALL]', argument: 'optional', run: epsv },
  {
    verb: 'PORT',
    syntax: 'PORT h1,h2,h3,h4,p1,p2',
    argument: 'required',
    run: (session, argument) => active(session, () => parsePort(argument)),
  },
  {
    verb: 'EPRT',
    syntax: 'EPRT |protocol|address|port|',
    argument: 'required',
    run: (session, argument) => active(session, () => parseEprt(argument)),
  },
];

async function pasv(session: Session): Promise<void> {
  demandNotOnlyEpsv(session);
  const local = plainAddress(session.connection.localAddress);
  const told = session.host.settings.passiveAddress ?? local;
  if (isIPv6(told)) throw new Refusal(425, 'PASV cannot tell an IPv6 address: use EPSV.');
  const { port } = await listen(session);
  const numbers = [...told.split('.'), port >> 8, port & 255];
  session.reply(227, `Entering Passive Mode (${numbers.join(',')}).`);
}

async function epsv(session: Session, argument: string): Promise<void> {
  if (argument.toUpperCase() === 'ALL') {
    session.onlyEpsv = true;
    session.reply(200, 'From now on EPSV only.');
    return;
  }
  const own = isIPv6(plainAddress(session.connection.localAddress)) ? '2' : '1';
  if (argument !== '' && argument !== own) {
    if (!/^\d+$/.test(argument)) throw new Refusal(501, 'Syntax: EPSV [1|2|ALL]');
    throw new Refusal(522, `Network protocol not supported, use (${own})`);
  }
  const { port } = await listen(session);
  session.reply(229, `Entering Extended Passive Mode (|||${port}|)`);
}

async function listen(session: Session): Promise<PassiveSource> {
  session.dropSource();
  const local = session.connection.localAddress;
  const source = await PassiveSource.listen(
    local,
    session.address,
    session.host.settings.passivePorts,
    session.protect,
  );
  // The client may have gone meanwhile: nobody would close the listener.
  if (session.connection.destroyed) source.close();
  else session.setSource(source);
  return source;
}

function active(session: Session, parse: () => Address): void {
  demandNotOnlyEpsv(session);
  if (!session.host.settings.activeMode) throw new Refusal(502, 'No active mode here: use EPSV or PASV.');
  const local = session.connection.localAddress;
  session.setSource(new ActiveSource(parse(), plainAddress(local), session.address, session.protect));
  session.reply(200, 'Will connect there.');
}

function demandNotOnlyEpsv(session: Session): void {
  if (session.onlyEpsv) throw new Refusal(501, 'Not after EPSV ALL.');
}
