/** A session lent to one task, as the port describes it: every method puts its commands in the queue before it returns. */
import type { RelPath } from '../model/path.ts';
import type { ByteSink, ByteSource, Lane, ReadOptions, WriteOptions } from '../model/remote.ts';
import { makeDirectory } from './directories.ts';
import { notImplemented } from './failure.ts';
import { ask, find } from './inspect.ts';
import { retrieve } from './retrieve.ts';
import type { Session } from './session.ts';
import { setModified } from './set-time.ts';
import { store } from './store.ts';

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

  release(): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
  }

  async #do(command: string): Promise<void> {
    const reply = await this.#session.send(command);
    if (!reply.ok) throw this.#session.site.refused(command, reply);
  }
}
