// Hashes: HASH with OPTS HASH and RANG (draft-bryan-ftp-hash, draft-bryan-ftp-range), XCRC, XMD5, XSHA1, XSHA256, XSHA512.
import { constants } from 'node:fs';
import { native } from '../filesystem.ts';
import { type Algorithm, hashFile } from '../hash.ts';
import { oneLine, Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Command } from './command.ts';

export const hashCommands: readonly Command[] = [
  { verb: 'HASH', syntax: 'HASH file', argument: 'required', run: hash },
  ...(
    [
      ['XCRC', 'CRC32'],
      ['XMD5', 'MD5'],
      ['XSHA', 'SHA-1'],
      ['XSHA1', 'SHA-1'],
      ['XSHA256', 'SHA-256'],
      ['XSHA512', 'SHA-512'],
    ] as const
  ).map(
    ([verb, algorithm]): Command => ({
      verb,
      syntax: `${verb} file [start end]`,
      argument: 'required',
      run: (session, argument) => older(session, argument, algorithm),
    }),
  ),
];

async function hash(session: Session, argument: string): Promise<void> {
  const { start, end } = session.takeRange();
  const algorithm = session.hash as Algorithm;
  const done = await hashOf(session, argument, algorithm, start, end);
  session.reply(213, `${algorithm} ${start}-${done.end} ${done.hash} ${oneLine(argument)}`);
}

// `XCRC "a name" 0 100`, `XCRC name 0 100`, `XCRC name`. Without quotes a file of exactly that name comes first.
async function older(session: Session, argument: string, algorithm: Algorithm): Promise<void> {
  const quotedName = /^"((?:[^"]|"")+)"((?: \d+){0,2})\s*$/.exec(argument);
  const ranged = /^(.+?)((?: \d{1,15}){1,2})$/s.exec(argument);
  let name = argument;
  let range = '';
  if (quotedName !== null) {
    name = quotedName[1]!.replaceAll('""', '"');
    range = quotedName[2]!;
  } else if (ranged !== null && (await session.sandbox.target(session.path(argument))).stats === undefined) {
    name = ranged[1]!;
    range = ranged[2]!;
  }
  const [start = 0, end] = range.trim().split(' ').filter(Boolean).map(Number);
  const done = await hashOf(session, name, algorithm, start, end);
  session.reply(250, done.hash.toUpperCase());
}

async function hashOf(
  session: Session,
  name: string,
  algorithm: Algorithm,
  start: number,
  end: number | undefined,
): Promise<{ hash: string; end: number }> {
  const place = await session.sandbox.existing(session.path(name, 'r'));
  if (!place.stats.isFile()) throw new Refusal(553, 'Not a regular file.');
  const file = await session.host.settings.fileSystem.open(native(place.real), constants.O_RDONLY);
  try {
    const { size } = await file.stat();
    const wanted = () => !session.connection.destroyed;
    const last = Math.min(end ?? size, size);
    if (start > last) throw new Refusal(551, 'The range is not in the file.');
    return { hash: await hashFile(file, algorithm, start, last, wanted), end: last };
  } finally {
    await file.close();
  }
}
