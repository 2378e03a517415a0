// Files over the data connection: RETR, STOR, STOU, APPE, and what goes with them: REST, RANG, ALLO, ABOR, TYPE, MODE, STRU.
import { randomBytes } from 'node:crypto';
import { Rate } from '../data/rate.ts';
import { receiveFile } from '../data/receive.ts';
import { sendFile } from '../data/send.ts';
import { oneLine, Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import { demandSource, transfer } from '../transfer.ts';
import { openForReading, openForWriting } from '../upload.ts';
import type { Command } from './command.ts';

export const transferCommands: readonly Command[] = [
  { verb: 'RETR', syntax: 'RETR file', argument: 'required', run: retr },
  { verb: 'STOR', syntax: 'STOR file', argument: 'required', run: stor },
  { verb: 'APPE', syntax: 'APPE file', argument: 'required', run: appe },
  { verb: 'STOU', syntax: 'STOU [file]', argument: 'optional', run: stou },
  { verb: 'REST', syntax: 'REST offset', argument: 'required', run: rest },
  { verb: 'RANG', syntax: 'RANG first last', argument: 'required', run: rang },
  { verb: 'ALLO', syntax: 'ALLO bytes', argument: 'required', run: allo },
  { verb: 'ABOR', syntax: 'ABOR', argument: 'none', beforeLogin: true, run: abor },
  { verb: 'TYPE', syntax: 'TYPE A|I|L 8', argument: 'required', beforeLogin: true, run: type },
  { verb: 'MODE', syntax: 'MODE S', argument: 'required', beforeLogin: true, run: mode },
  { verb: 'STRU', syntax: 'STRU F', argument: 'required', beforeLogin: true, run: stru },
];

async function retr(session: Session, argument: string): Promise<void> {
  const range = session.takeRange();
  const path = session.path(argument, 'r');
  demandSource(session);
  await withSource(session, async () => {
    const { file, real, size } = await openForReading(session, path);
    const started = performance.now();
    const { settings } = session.host;
    let bytes = 0;
    const end = Math.min(range.end ?? size, size);
    const facts = () => ({
      ...session.aboutPath(path, real),
      bytes,
      resumedFrom: range.start,
      milliseconds: performance.now() - started,
    });
    try {
      if (range.start > size)
        throw new Refusal(554, `REST ${range.start} is behind the end: the file has ${size} bytes.`);
      const opening = `Opening ${session.ascii ? 'ASCII' : 'BINARY'} mode data connection for ${oneLine(argument)} (${Math.max(0, end - range.start)} bytes).`;
      const rate = settings.downloadRate === undefined ? undefined : new Rate(settings.downloadRate);
      const sent = await transfer(session, opening, ({ socket, moved }) =>
        sendFile(file, socket, {
          start: range.start,
          end,
          ascii: session.ascii,
          rate,
          moved: (count) => {
            bytes += count;
            moved(count);
          },
        }),
      );
      if (range.start + sent < end) throw new Refusal(451, 'The file became shorter while it was sent.');
    } catch (error) {
      session.emit('incompleteSent', { ...facts(), reason: (error as Error).message });
      throw error;
    } finally {
      session.bytesSent += bytes;
      await file.close();
    }
    session.reply(226, 'Transfer complete.');
    if (session.host.listensTo('sent')) session.emit('sent', facts());
  });
}

async function stor(session: Session, argument: string): Promise<void> {
  const { start } = session.takeRange();
  const path = session.path(argument, 'w');
  await withSource(session, () => store(session, path, start, `Ready for ${oneLine(argument)}.`));
}

async function appe(session: Session, argument: string): Promise<void> {
  session.takeRange();
  const path = session.path(argument, 'a');
  await withSource(session, () => store(session, path, 'end', `Ready for ${oneLine(argument)}.`));
}

// RFC 1123, 4.1.2.9: the name goes in 150, as `FILE: name`.
async function stou(session: Session, argument: string): Promise<void> {
  session.takeRange();
  const base = argument === '' ? 'file' : argument;
  await withSource(session, async () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const name = `${base}.${randomBytes(6).toString('hex')}`;
      const path = session.path(name, 'w');
      if ((await session.sandbox.name(path)).stats !== undefined) continue;
      return await store(session, path, 0, `FILE: ${oneLine(name)}`);
    }
    throw new Refusal(450, 'No unique name found.');
  });
}

async function store(session: Session, path: string, start: number | 'end', opening: string): Promise<void> {
  demandSource(session);
  const upload = await openForWriting(session, path, start);
  const { settings } = session.host;
  const started = performance.now();
  let bytes = 0;
  const facts = () => ({
    ...session.aboutPath(path, upload.real),
    bytes,
    resumedFrom: upload.start,
    milliseconds: performance.now() - started,
  });
  try {
    const rate = settings.uploadRate === undefined ? undefined : new Rate(settings.uploadRate);
    await transfer(session, opening, async ({ socket, moved }) => {
      await upload.begin();
      await receiveFile(upload.file, socket, {
        start: upload.start,
        ascii: session.ascii,
        rate,
        moved: (count) => {
          bytes += count;
          moved(count);
        },
      });
    });
    await upload.complete();
  } catch (error) {
    await upload.abandon();
    session.emit('incompleteStored', { ...facts(), reason: (error as Error).message });
    throw error;
  } finally {
    session.bytesReceived += bytes;
  }
  session.reply(226, 'Transfer complete.');
  if (session.host.listensTo('stored')) session.emit('stored', facts());
}

// A data connection is announced for one transfer: one that is refused takes it along.
async function withSource(session: Session, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    session.dropSource();
  }
}

function rest(session: Session, argument: string): void {
  if (!session.knows('REST STREAM')) throw new Refusal(502, 'Not here.');
  if (!/^\d{1,15}$/.test(argument)) throw new Refusal(501, 'Syntax: REST offset');
  // An offset in a converted file means nothing on the disk.
  if (session.ascii && Number(argument) > 0) throw new Refusal(501, 'REST is for binary transfers: TYPE I first.');
  session.range = { start: Number(argument), end: undefined };
  session.reply(350, `Will start at ${argument}.`);
}

// Both ends belong to the range; a first behind the last takes it back.
function rang(session: Session, argument: string): void {
  const numbers = /^(\d{1,15}) (\d{1,15})$/.exec(argument);
  if (numbers === null) throw new Refusal(501, 'Syntax: RANG first last');
  const [first, last] = [Number(numbers[1]), Number(numbers[2])];
  session.range = first > last ? { start: 0, end: undefined } : { start: first, end: last + 1 };
  session.reply(350, first > last ? 'The whole file.' : `Will use the bytes ${first} to ${last}.`);
}

function allo(session: Session): void {
  session.reply(202, 'No space needs to be set aside.');
}

function abor(session: Session): void {
  const { aborted } = session;
  session.aborted = false;
  if (aborted) {
    session.reply(226, 'Transfer aborted.');
    return;
  }
  session.dropSource();
  session.reply(225, 'No transfer to abort.');
}

function type(session: Session, argument: string): void {
  const wanted = argument.toUpperCase().replace(/\s+/g, ' ');
  if (['A', 'A N'].includes(wanted)) session.ascii = true;
  else if (['I', 'L 8', 'L8'].includes(wanted)) session.ascii = false;
  else throw new Refusal(504, 'TYPE A, TYPE I and TYPE L 8 are known.');
  session.reply(200, session.ascii ? 'Type is ASCII.' : 'Type is binary.');
}

function mode(session: Session, argument: string): void {
  if (argument.toUpperCase() !== 'S') throw new Refusal(504, 'Only MODE S is known.');
  session.reply(200, 'Mode is stream.');
}

function stru(session: Session, argument: string): void {
  if (argument.toUpperCase() !== 'F') throw new Refusal(504, 'Only STRU F is known.');
  session.reply(200, 'Structure is file.');
}
