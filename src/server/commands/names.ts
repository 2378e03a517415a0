// Names: DELE, RNFR, RNTO (RFC 959, 4.1.3). Links are names here: they are renamed and deleted, never followed.
import { native, toUnicode } from '../filesystem.ts';
import { Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Command } from './command.ts';

export const nameCommands: readonly Command[] = [
  { verb: 'DELE', syntax: 'DELE file', argument: 'required', run: dele },
  { verb: 'RNFR', syntax: 'RNFR name', argument: 'required', run: rnfr },
  { verb: 'RNTO', syntax: 'RNTO name', argument: 'required', run: rnto },
];

async function dele(session: Session, argument: string): Promise<void> {
  const path = session.path(argument, 'd');
  const place = await session.sandbox.existingName(path);
  if (place.stats.isDirectory()) throw new Refusal(550, 'Is a folder.');
  await session.host.settings.fileSystem.unlink(native(place.real));
  session.reply(250, 'Deleted.');
  session.emit('deleted', session.aboutPath(path, place.real));
}

async function rnfr(session: Session, argument: string): Promise<void> {
  const path = session.path(argument, 'f');
  if (path === '/') throw new Refusal(550, 'The home folder keeps its name.');
  if (session.user?.permissions.differBelow(toUnicode(path))) {
    throw new Refusal(550, 'A folder in it has permissions of its own.');
  }
  await session.sandbox.existingName(path);
  session.renameFrom = path;
  session.reply(350, 'Ready for RNTO.');
}

async function rnto(session: Session, argument: string): Promise<void> {
  const from = session.renameFrom;
  session.renameFrom = undefined;
  if (from === undefined) throw new Refusal(503, 'RNFR comes first.');
  const path = session.path(argument, 'f');
  const { fileSystem, noRenameOver } = session.host.settings;
  const source = await session.sandbox.existingName(from);
  const target = await session.sandbox.name(path);
  if (path === '/' || (target.stats?.isDirectory() && !source.stats.isDirectory())) {
    throw new Refusal(550, 'A folder has this name.');
  }
  if (noRenameOver && target.stats !== undefined) throw new Refusal(550, 'Already exists.');
  await fileSystem.rename(native(source.real), native(target.real));
  session.reply(250, 'Renamed.');
  session.emit('renamed', { ...session.aboutPath(path, target.real), from: session.aboutPath(from, '').path });
}
