/** A session lent to one task, as the port describes it: every method puts its commands in the queue before it returns. */
import { NameError, UsageError } from '../model/errors.ts';
import { printable, type RelPath } from '../model/path.ts';
import type { ByteSink, ByteSource, Lane, ReadOptions, ServerReply, WriteOptions } from '../model/remote.ts';
import { claimDirectory, makeDirectory } from './directories.ts';
import { notImplemented } from './failure.ts';
import { ask, find } from './inspect.ts';
import { retrieve } from './retrieve.ts';
import type { Session } from './session.ts';
import { setModified } from './set-time.ts';
import { store } from './store.ts';

const NEEDS_DATA = 'it needs a data connection; ferry ls, cat, get and put do what it does';
const IS_LOGIN = 'the login is that of the configuration or the URL';
const IS_SETTING = 'everything that follows on this connection would go wrong';

/** Commands that change the connection itself, or need another one, and what to do instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  '': 'name a command, such as SITE HELP',
  ...Object.fromEntries('LIST NLST MLSD RETR STOR STOU APPE'.split(' ').map((verb) => [verb, NEEDS_DATA])),
  ...Object.fromEntries('PASV EPSV PORT EPRT REST'.split(' ').map((verb) => [verb, NEEDS_DATA])),
  ...Object.fromEntries('USER PASS ACCT REIN QUIT'.split(' ').map((verb) => [verb, IS_LOGIN])),
  ...Object.fromEntries('TYPE MODE STRU AUTH PBSZ PROT CCC ABOR'.split(' ').map((verb) => [verb, IS_SETTING])),
};

export class FtpLane implements Lane {
  readonly #session: Session;
  #giveBack: (() => void) | undefined;

  constructor(session: Session, giveBack: () => void) {
    this.#session = session;
    this.#giveBack = giveBack;
  }

  get alive(): boolean {
    return this.#session.alive;
  }

  async write(path: RelPath, source: ByteSource, options?: WriteOptions): Promise<number> {
    return store(this.#session, this.#session.site.wire(path), source, options);
  }

  async read(path: RelPath, sink: ByteSink, options?: ReadOptions): Promise<number> {
    return retrieve(this.#session, this.#session.site.wire(path), sink, options);
  }

  async inspect(path: RelPath) {
    const { size, mtime, stamps } = await ask(this.#session, path);
    return { size, mtime, stamps };
  }

  async find(path: RelPath) {
    const found = await find(this.#session, path);
    return found && { size: found.size, mtime: found.mtime, stamps: found.stamps };
  }

  async setModified(path: RelPath, mtime: number): Promise<boolean> {
    return setModified(this.#session, this.#session.site.wire(path), mtime);
  }

  async setMode(path: RelPath, mode: number): Promise<boolean> {
    const command = `SITE CHMOD ${(mode & 0o7777).toString(8).padStart(3, '0')} ${this.#session.site.wire(path)}`;
    const reply = await this.#session.send(command);
    if (reply.ok) return true;
    if (notImplemented(reply)) return false;
    throw this.#session.site.refused(command, reply);
  }

  async rename(from: RelPath, to: RelPath): Promise<void> {
    const { site } = this.#session;
    const source = `RNFR ${site.wire(from)}`;
    const target = `RNTO ${site.wire(to)}`;
    // Next to each other in one flight; where the first is refused, the second is as well (503).
    const [first, second] = await Promise.all([this.#session.send(source), this.#session.send(target)]);
    if (first.code !== 350) throw site.refused(source, first);
    if (!second.ok) throw site.refused(target, second);
  }

  async remove(path: RelPath): Promise<void> {
    await this.#do(`DELE ${this.#session.site.wire(path)}`);
  }

  async removeDirectory(path: RelPath): Promise<void> {
    await this.#do(`RMD ${this.#session.site.wire(path)}`);
  }

  async makeDirectory(path: RelPath): Promise<void> {
    return makeDirectory(this.#session, this.#session.site.wire(path));
  }

  async order(command: string): Promise<ServerReply> {
    const { site } = this.#session;
    const verb = (/^\s*(\S*)/.exec(command)?.[1] ?? '').toUpperCase();
    const instead = INSTEAD[verb];
    if (instead !== undefined) throw new UsageError(`${verb} cannot be sent here: ${instead}`);
    if (/[\r\n\0]/.test(command)) throw new NameError(`FTP cannot carry a line break or NUL: ${printable(command)}`);
    const { code, lines } = await this.#session.send(site.codec.encode(command), { anyCode: true });
    return { code, lines: lines.map((line) => site.text(line)) };
  }

  async claimDirectory(path: RelPath): Promise<boolean> {
    return claimDirectory(this.#session, this.#session.site.wire(path));
  }

  release(): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
  }

  async #do(command: string): Promise<void> {
    const reply = await this.#session.send(command);
    if (!reply.ok) throw this.#session.site.refused(command, reply);
  }
}
