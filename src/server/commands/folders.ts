// Folders: CWD, CDUP, PWD, MKD, RMD and their X forms (RFC 959, 4.1.1 and 4.1.3; RFC 775).
import { native } from '../filesystem.ts';
import { quoted, Refusal } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Command } from './command.ts';

export const folderCommands: readonly Command[] = [
  ...['CWD', 'XCWD'].map((verb): Command => ({ verb, syntax: `${verb} folder`, argument: 'optional', run: cwd })),
  ...['CDUP', 'XCUP'].map((verb): Command => ({ verb, syntax: verb, argument: 'none', run: cdup })),
  ...['PWD', 'XPWD'].map((verb): Command => ({ verb, syntax: verb, argument: 'none', run: pwd })),
  ...['MKD', 'XMKD'].map((verb): Command => ({ verb, syntax: `${verb} folder`, argument: 'required', run: mkd })),
  ...['RMD', 'XRMD'].map((verb): Command => ({ verb, syntax: `${verb} folder`, argument: 'required', run: rmd })),
];

async function cwd(session: Session, argument: string): Promise<void> {
  const path = session.path(argument === '' ? '/' : argument, 'e');
  const { stats } = await session.sandbox.existing(path);
  if (!stats.isDirectory()) throw new Refusal(550, 'Not a folder.');
  session.folder = path;
  session.reply(250, `${quoted(path)} is the current folder.`);
}

async function cdup(session: Session): Promise<void> {
  await cwd(session, '..');
}

function pwd(session: Session): void {
  session.reply(257, `${quoted(session.folder)} is the current folder.`);
}

async function mkd(session: Session, argument: string): Promise<void> {
  const path = session.path(argument, 'm');
  const place = await session.sandbox.name(path);
  if (place.stats !== undefined) throw new Refusal(550, 'Already exists.');
  await session.host.settings.fileSystem.mkdir(native(place.real));
  session.reply(257, `${quoted(path)} created.`);
  session.emit('folderMade', session.aboutPath(path, place.real));
}

async function rmd(session: Session, argument: string): Promise<void> {
  const path = session.path(argument, 'd');
  if (path === '/') throw new Refusal(550, 'The home folder stays.');
  const place = await session.sandbox.existingName(path);
  if (!place.stats.isDirectory()) throw new Refusal(550, 'Not a folder.');
  await session.host.settings.fileSystem.rmdir(native(place.real));
  session.reply(250, 'Folder removed.');
  session.emit('folderRemoved', session.aboutPath(path, place.real));
}
