// Replies as they go over the wire (RFC 959, 4.2), and the errors that become replies.

/** A reply thrown by a command: what was asked for is not done, and why. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }
}

/** The data connection broke, or was cut on purpose (`reason`), before the transfer had ended. */
export class DataConnectionLost extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'DataConnectionLost';
  }
}

/** One reply, with its CRLF. A text of several lines becomes a multi-line reply. */
export function reply(code: number, text: string): string {
  if (!/[\r\n]/.test(text)) return `${code} ${text}\r\n`;
  const lines = text.split(/\r\n|\r|\n/);
  const last = lines.pop() ?? '';
  return multiline(code, lines[0] ?? '', lines.slice(1), last);
}

/** A reply of several lines; body lines are indented by one space so that none can pass for the last one. */
export function multiline(code: number, first: string, body: readonly string[], last: string): string {
  const middle = body.map((line) => ` ${oneLine(line)}\r\n`).join('');
  return `${code}-${oneLine(first)}\r\n${middle}${code} ${oneLine(last)}\r\n`;
}

/** A path as 257 and others quote it (RFC 959, appendix II): a quote in the name is doubled. */
export function quoted(path: string): string {
  return `"${oneLine(path).replaceAll('"', '""')}"`;
}

/** Text that cannot end a line: CR, LF and NUL become `?`. */
export function oneLine(text: string): string {
  return /[\r\n\0]/.test(text) ? text.replace(/[\r\n\0]/g, '?') : text;
}

/** What a file system's error means to the client, in the words of RFC 959's reply codes. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof DataConnectionLost) return new Refusal(426, `${error.message}; transfer aborted.`);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = meanings[code];
  if (known !== undefined) return new Refusal(...known);
  return new Refusal(451, `Local error in processing${code === '' ? '' : ` (${code})`}.`);
}

const meanings: Record<string, readonly [number, string] | undefined> = {
  ENOENT: [550, 'No such file or folder.'],
  ENOTDIR: [550, 'Not a folder.'],
  EISDIR: [550, 'Is a folder.'],
  EEXIST: [550, 'Already exists.'],
  ENOTEMPTY: [550, 'Folder is not empty.'],
  EACCES: [550, 'Permission denied.'],
  EPERM: [550, 'Operation not permitted.'],
  EROFS: [550, 'The file system is read-only.'],
  EBUSY: [450, 'File is busy.'],
  ETXTBSY: [450, 'File is busy.'],
  EXDEV: [550, 'Cannot rename to another file system.'],
  ELOOP: [550, 'Too many symbolic links.'],
  EINVAL: [553, 'Not possible with this name.'],
  EILSEQ: [553, 'The file system does not take this name.'],
  ENAMETOOLONG: [553, 'Name is too long.'],
  ENXIO: [550, 'Not a regular file.'],
  ENOSPC: [452, 'Not enough space on the disk.'],
  EDQUOT: [452, 'Disk quota exceeded.'],
  EFBIG: [552, 'File is larger than the file system allows.'],
  EMFILE: [451, 'Too many open files on the server; try again later.'],
  ENFILE: [451, 'Too many open files on the server; try again later.'],
};
