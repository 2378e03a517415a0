// About the server itself: FEAT, OPTS, SYST, STAT, NOOP, CLNT.
import { allFacts, chooseFacts } from '../format/facts.ts';
import { algorithms } from '../hash.ts';
import { Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import { type Command, parseCommand } from './command.ts';
import { statListing } from './listings.ts';

export const aboutCommands: readonly Command[] = [
  { verb: 'FEAT', syntax: 'FEAT', argument: 'none', beforeLogin: true, run: feat },
  { verb: 'OPTS', syntax: 'OPTS command [options]', argument: 'required', beforeLogin: true, run: opts },
  { verb: 'SYST', syntax: 'SYST', argument: 'none', beforeLogin: true, run: syst },
  { verb: 'STAT', syntax: 'STAT [path]', argument: 'optional', beforeLogin: true, run: stat },
  { verb: 'NOOP', syntax: 'NOOP', argument: 'optional', beforeLogin: true, run: noop },
  { verb: 'CLNT', syntax: 'CLNT name', argument: 'optional', beforeLogin: true, run: noop },
];

function feat(session: Session): void {
  const lines: (readonly [feature: string, line: string])[] = [
    ['EPRT', 'EPRT'],
    ['EPSV', 'EPSV'],
    ['HASH', `HASH ${algorithms.map((name) => (name === session.hash ? `${name}*` : name)).join(';')}`],
    ['MDTM', 'MDTM'],
    ['MFF', 'MFF modify;UNIX.mode;'],
    ['MFMT', 'MFMT'],
    ['MLST', `MLST ${allFacts.map((fact) => `${fact}${session.facts.has(fact) ? '*' : ''};`).join('')}`],
    ['RANG', 'RANG STREAM'],
    ['REST STREAM', 'REST STREAM'],
    ['SIZE', 'SIZE'],
    ['TVFS', 'TVFS'],
    ['UTF8', 'UTF8'],
    ['XCRC', 'XCRC'],
    ['XMD5', 'XMD5'],
    ['XSHA1', 'XSHA1'],
    ['XSHA256', 'XSHA256'],
    ['XSHA512', 'XSHA512'],
  ];
  if (session.host.tls !== undefined) {
    lines.unshift(['AUTH', 'AUTH TLS']);
    if (session.host.tls.clearable) lines.unshift(['CCC', 'CCC']);
    lines.push(['PBSZ', 'PBSZ'], ['PROT', 'PROT']);
  }
  const { activeMode } = session.host.settings;
  const known = lines
    .filter(([feature]) => session.knows(feature) && session.knows(feature.split(' ')[0]!))
    .filter(([feature]) => feature !== 'EPRT' || activeMode)
    .map(([, line]) => line);
  if (known.length === 0) session.reply(211, 'No features.');
  else session.replyLines(211, 'Features:', known, 'End');
}

function opts(session: Session, argument: string): void {
  const { verb, argument: value } = parseCommand(argument);
  if (verb === 'UTF8' || verb === 'UTF-8') {
    if (!session.knows('UTF8')) throw new Refusal(501, 'Not here.');
    // Names go through byte by byte; on the disk they are UTF-8.
    if (!['', 'ON', 'OFF', 'NLST'].includes(value.toUpperCase())) throw new Refusal(501, 'Syntax: OPTS UTF8 ON|OFF');
    session.reply(200, 'Names are bytes, as they are on the disk.');
  } else if (verb === 'MLST' && session.knows('MLST')) {
    session.facts = chooseFacts(value);
    session.reply(200, `MLST OPTS ${[...session.facts].map((fact) => `${fact};`).join('')}`.trimEnd());
  } else if (verb === 'HASH' && session.knows('HASH')) {
    const name = value.toUpperCase();
    const algorithm = value === '' ? session.hash : algorithms.find((known) => known === name);
    if (algorithm === undefined) throw new Refusal(501, `Known are ${algorithms.join(', ')}.`);
    session.hash = algorithm;
    session.reply(200, algorithm);
  } else {
    throw new Refusal(501, 'No options for that.');
  }
}

function syst(session: Session): void {
  session.reply(215, session.host.settings.listDialect === 'dos' ? 'Windows_NT' : 'UNIX Type: L8');
}

function stat(session: Session, argument: string): void | Promise<void> {
  if (argument !== '') return statPath(session, argument);
  const { connection, user } = session;
  session.replyLines(
    211,
    'Status:',
    [
      `Connected from ${session.address}`,
      user === undefined ? 'Not logged in' : `Logged in as ${user.name}`,
      `TYPE: ${session.ascii ? 'ASCII' : 'binary'}; STRU: file; MODE: stream`,
      `Control connection is ${connection.secure ? 'protected by TLS' : 'plain'}`,
      `Data connections are ${session.protectedData ? 'protected by TLS' : 'plain'}`,
    ],
    'End',
  );
}

// RFC 959, 4.1.3: the listing comes over the control connection; each of its lines is indented, so that a name cannot pass
// for a reply.
async function statPath(session: Session, argument: string): Promise<void> {
  if (session.user === undefined) throw new Refusal(530, 'Log in with USER and PASS first.');
  const body = await statListing(session, argument);
  session.replyLines(213, 'Status follows:', body, 'End');
}

function noop(session: Session): void {
  session.reply(200, 'OK.');
}
