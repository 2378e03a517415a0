// The file below a transfer: opened before 150, so that a refusal comes early, and touched only once data can flow.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { native, type OpenFile } from './filesystem.ts';
import { DataConnectionLost, Refusal } from './replies.ts';
import type { Session } from './session.ts';

const noFollow = constants.O_NOFOLLOW ?? 0;

/** A file to send. @throws Refusal 550 for anything but a regular file. */
export async function openForReading(
  session: Session,
  path: string,
): Promise<{ file: OpenFile; real: string; size: number }> {
  const place = await session.sandbox.existing(path);
  if (!place.stats.isFile()) throw new Refusal(550, 'Not a regular file.');
  const file = await session.host.settings.fileSystem.open(native(place.real), constants.O_RDONLY | noFollow);
  return { file, real: place.real, size: (await file.stat()).size };
}

function temporaryName(): string {
  return `.upload-${randomBytes(8).toString('hex')}.part`;
}

/** Whether a name is one that an upload has while it is under way. */
export function isLeftover(name: string): boolean {
  return /^\.upload-[0-9a-f]{16}\.part$/.test(name);
}

export interface Upload {
  readonly file: OpenFile;
  /** The final name on the disk. */
  readonly real: string;
  /** Where the first byte goes. */
  readonly start: number;
  /** The data connection is there: what the upload replaces may go. */
  begin(): Promise<void>;
  /** All bytes are written: closes, and gives the final name. @throws when that fails; `abandon` is to follow. */
  complete(): Promise<void>;
  /** Closes; takes away what only this upload made and what is of no use. */
  abandon(): Promise<void>;
}

/**
 * A file to write from `start` on (or from its end), made if need be.
 * @throws Refusal 550 for anything but a regular file, 554 when `start` is behind the end, 450 while another session writes it.
 */
export async function openForWriting(session: Session, path: string, start: number | 'end'): Promise<Upload> {
  const { host, sandbox } = session;
  const { fileSystem, syncUploads, temporaryUploads } = host.settings;
  const place = await sandbox.target(path);
  const { real, stats } = place;
  if (stats?.isDirectory()) throw new Refusal(550, 'Is a folder.');
  if (stats !== undefined && !stats.isFile()) throw new Refusal(550, 'Not a regular file.');
  const size = stats?.size ?? 0;
  const from = start === 'end' ? size : start;
  if (from > size) throw new Refusal(554, `REST ${from} is behind the end: the file has ${size} bytes.`);
  // Two writers would splice their bytes.
  if (host.beingWritten.has(real)) throw new Refusal(450, 'Another upload is writing this file.');

  const temporary =
    temporaryUploads && start === 0 ? `${real.slice(0, real.search(/[^/]*$/))}${temporaryName()}` : undefined;
  const written = temporary ?? real;
  const exclusive = temporary === undefined && stats !== undefined ? 0 : constants.O_CREAT | constants.O_EXCL;
  const mode = stats === undefined ? 0o666 : stats.mode & 0o777;
  host.beingWritten.add(real);
  if (temporary !== undefined) host.temporary.add(temporary);
  const release = () => {
    host.beingWritten.delete(real);
    if (temporary !== undefined) host.temporary.delete(temporary);
  };
  let file: OpenFile;
  try {
    file = await fileSystem.open(native(written), constants.O_WRONLY | noFollow | exclusive, mode);
  } catch (error) {
    release();
    throw error;
  }
  let begun = false;
  let open = true;

  return {
    file,
    real,
    start: from,
    async begin() {
      begun = true;
      if (temporary === undefined && size > from) await file.truncate(from);
    },
    async complete() {
      // A client that was killed ends its data connection just as one that is done. Where the control connection ended
      // with it, nobody can say whether all bytes came.
      await new Promise(setImmediate);
      if (session.connection.abandoned) throw new DataConnectionLost('Control connection lost');
      if (syncUploads) await file.sync();
      open = false;
      await file.close();
      if (temporary !== undefined) await fileSystem.rename(native(temporary), native(real));
      release();
    },
    async abandon() {
      try {
        if (open) await file.close();
        // Without a single byte there is nothing to resume: an empty file would only look like one.
        const made = temporary === undefined && stats === undefined && !begun;
        if (temporary !== undefined || made) await fileSystem.unlink(native(written));
      } catch (cause) {
        host.problem(`Cannot tidy up after an upload that broke off: ${written}`, cause);
      } finally {
        release();
      }
    },
  };
}
