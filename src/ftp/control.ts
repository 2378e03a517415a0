/**
 * The control connection: basic-ftp's context with line-aligned replies, bounded input, masked secrets and checked
 * output. It runs in latin1, so that every byte of a name survives; names are coded and decoded above it.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { FTPContext } from 'basic-ftp';
import { NameError } from '../model/errors.ts';
import { printable } from '../model/path.ts';
import { type Reply, ReplyReader } from './reply.ts';

const SECRET = /^(PASS|ACCT) .*/is;

/** A command as it may be shown: without its secret. */
export function masked(command: string): string {
  return command.replace(SECRET, '$1 ***');
}

export class Control extends FTPContext {
  readonly #telnet: () => boolean;
  readonly #wire: ((line: string) => void) | undefined;
  readonly #reader = new ReplyReader((line) => this.onStray?.(line));
  /** Told of a line that is no part of any reply. */
  onStray: ((line: string) => void) | undefined;

  /** @param telnet whether this server takes 0xFF for Telnet's escape, so that it must be doubled */
  constructor(telnet: () => boolean, wire?: (line: string) => void) {
    // No timeout of its own: who waits for a reply keeps the deadline.
    super(0, 'latin1');
    this.#telnet = telnet;
    this.#wire = wire;
  }

  /** Whether the server has sent nothing beyond the last complete reply. */
  get drained(): boolean {
    return this.#reader.empty;
  }

  /** Speaks over this socket from now on; bytes left over from the one before are forgotten. */
  use(socket: Socket | TLSSocket): void {
    this.#reader.reset();
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
  }

  /**
   * The bytes of a command line. Throws a NameError on CR, LF and NUL: they would end the command and begin another
   * (RFC 959, 5.3.1). 0xFF is doubled where it is Telnet's escape (RFC 854).
   */
  encodeLine(command: string): string {
    if (/[\r\n\0]/.test(command)) {
      throw new NameError(`FTP cannot carry a line break or NUL: ${printable(masked(command))}`);
    }
    return `${this.#telnet() ? command.replaceAll('\xff', '\xff\xff') : command}\r\n`;
  }

  /** Sends encoded lines in one piece. */
  sendLines(lines: string): void {
    this._socket.write(lines, 'latin1');
  }

  /** Sends no more; resolves when all that was sent is in the hands of the system. What still comes keeps no process alive. */
  end(): Promise<void> {
    const socket = this._socket;
    return new Promise((resolve) => {
      socket.once('close', resolve);
      // What was issued in this tick goes out before.
      process.nextTick(() => socket.end(resolve));
      (socket as Partial<Socket>).unref?.();
    });
  }

  override send(command: string): void {
    const line = this.encodeLine(command);
    this.log(`> ${masked(command)}`);
    this.sendLines(line);
  }

  override log(message: string): void {
    this.#wire?.(message);
  }

  protected override _onControlSocketData(chunk: string): void {
    try {
      for (const reply of this.#reader.push(chunk)) {
        if (this.#wire) for (const line of reply.lines) this.#wire(`< ${line}`);
        this._passToHandler(reply satisfies Reply);
      }
    } catch (error) {
      this.closeWithError(error as Error);
    }
  }

  /** Without the farewell of the base class: it would be written into a connection that may be half dead. */
  protected override _closeControlSocket(): void {
    this._closeSocket(this._socket);
  }
}
