// One control connection: lines in, replies out, one command at a time and strictly in order.
import type { Socket } from 'node:net';
import { ClearableWire } from './clear.ts';
import { type Line, LineSplitter } from './telnet/lines.ts';
import type { Tls } from './tls.ts';

const longestLine = 16 * 1024;
// A client that sends this many commands without reading the answers is made to wait.
const mostQueued = 512;
// Nor is more than this kept for it to read, bytes.
const mostUnread = 256 * 1024;

/** What the connection tells the session above it. */
export interface ConnectionOwner {
  /** Carries out one command. Must not throw. */
  perform(line: Line): void | Promise<void>;
  /** A line has arrived and waits for its turn. Answers true if it is dealt with and needs none. */
  arrived(line: Line): boolean;
  /** The client is silent for as long as it may be; answers true to let it. */
  idle(): boolean;
  /** The client has ended its side. */
  ended(): void;
  /** The connection is gone. Called once. */
  closed(): void;
}

export class Connection {
  readonly #owner: ConnectionOwner;
  #socket: Socket;
  // Below TLS, once there is any.
  #plain: Socket;
  #wire: ClearableWire | undefined;
  #splitter = new LineSplitter(longestLine);
  #queue: Line[] = [];
  #busy = false;
  #waitingForReader = false;
  #ended = false;
  #closing = false;
  #closed = false;
  #out = '';
  #idleTimeout: number;
  #secure = false;

  constructor(socket: Socket, owner: ConnectionOwner, idleTimeout: number) {
    this.#socket = socket;
    this.#plain = socket;
    this.#owner = owner;
    this.#idleTimeout = idleTimeout;
    this.#listenTo(socket);
  }

  /** This side's address, in whatever TLS is wrapped. */
  get localAddress(): string {
    return this.#plain.localAddress ?? '';
  }

  get secure(): boolean {
    return this.#secure;
  }

  /** The client will send nothing more. */
  get ended(): boolean {
    return this.#closed || this.#ended;
  }

  /** The client will send nothing more, and did not take its leave. */
  get abandoned(): boolean {
    return this.#closed || (this.#ended && !this.#queue.some(({ text }) => /^\s*QUIT\b/i.test(text)));
  }

  get destroyed(): boolean {
    return this.#closed || this.#closing;
  }

  waiting(test: (line: Line) => boolean): boolean {
    return this.#queue.some(test);
  }

  /** Whether anything has come that is not carried out yet. */
  get unread(): boolean {
    return this.#queue.length > 0 || this.#splitter.pending > 0;
  }

  setIdleTimeout(ms: number): void {
    this.#idleTimeout = ms;
    this.#socket.setTimeout(ms);
  }

  /**
   * Replies to what came in one packet leave in one packet, and before the next session's packet is looked at: with a turn of
   * the event loop for all sessions, client and server would work by turns, and never at the same time.
   */
  send(text: string): void {
    if (this.#closed || this.#closing) return;
    if (this.#out === '') process.nextTick(() => this.flush());
    this.#out += text;
  }

  flush(done?: () => void): void {
    const text = this.#out;
    this.#out = '';
    if (text === '' || this.#closed) done?.();
    else this.#socket.write(text, 'latin1', () => done?.());
  }

  /** Sends what is left to say, then ends; what still arrives is ignored. */
  end(): void {
    if (this.#closing || this.#closed) return;
    this.flush();
    this.#closing = true;
    this.#queue = [];
    const socket = this.#socket;
    // Resumed, so that unread commands do not turn the end into a reset that could swallow the last reply.
    socket.resume();
    socket.end();
    setTimeout(() => socket.destroy(), 2000).unref();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /**
   * Starts TLS after `reply`. Answers false, with nothing sent, when the client has already sent more: it was not
   * protected, and must not be taken for something that was (RFC 4217, and the STARTTLS injections since).
   */
  async startTls(reply: string, tls: Tls): Promise<boolean> {
    if (this.unread) return false;
    const plain = this.#socket;
    plain.pause();
    this.send(reply);
    await new Promise<void>((resolve) => this.flush(resolve));
    if (this.#closed) return true;
    if (this.unread) return false;
    this.wrap(tls);
    return true;
  }

  /**
   * Ends TLS after `reply`, and goes on in plain text (CCC). Only where `Tls` allows it.
   * @throws Error when this connection's TLS cannot be ended.
   */
  async endTls(reply: string): Promise<void> {
    const wire = this.#wire;
    if (wire === undefined) throw new Error('This connection cannot leave TLS.');
    const plain = this.#plain;
    const tlsSocket = this.#socket;
    wire.detach((chunk) => this.#read(chunk));
    this.send(reply);
    await new Promise<void>((resolve) => this.flush(resolve));
    stopListening(tlsSocket);
    await new Promise<void>((resolve) => tlsSocket.end(resolve));
    if (this.#closed || plain.destroyed) {
      this.#close();
      return;
    }
    this.#wire = undefined;
    this.#secure = false;
    this.#socket = plain;
    this.#listenTo(plain, false);
  }

  /** TLS from here on. */
  wrap(tls: Tls): void {
    const plain = this.#socket;
    stopListening(plain);
    plain.setTimeout(0);
    this.#plain = plain;
    this.#wire = tls.clearable ? new ClearableWire(plain) : undefined;
    const socket = tls.wrap(this.#wire ?? plain);
    this.#secure = true;
    this.#listenTo(socket);
  }

  #listenTo(socket: Socket, data = true): void {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    if (data) socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => {
      this.#ended = true;
      this.#owner.ended();
      this.#next();
    });
    socket.on('close', () => this.#close());
    socket.on('timeout', () => {
      if (this.#owner.idle()) socket.setTimeout(this.#idleTimeout);
      else this.#overdue();
    });
    socket.setTimeout(this.#idleTimeout);
  }

  #overdue(): void {
    this.send('421 Timeout: no command for too long.\r\n');
    this.end();
  }

  #read(chunk: Buffer): void {
    if (this.#closing) return;
    // A TLS handshake on a plain connection: the client waits for TLS, not for words.
    if (!this.#secure && chunk[0] === 0x16 && chunk[1] === 0x03) {
      this.destroy();
      return;
    }
    const fits = this.#splitter.push(chunk, (line) => {
      if (!this.#closing && !this.#owner.arrived(line)) this.#queue.push(line);
    });
    if (!fits) {
      this.send('500 Line is too long.\r\n');
      this.end();
      return;
    }
    if (this.#queue.length > mostQueued) this.#socket.pause();
    this.#next();
  }

  #next(): void {
    while (!this.#busy && !this.#closing && !this.#closed) {
      if (this.#unreadReplies()) return;
      const line = this.#queue.shift();
      if (line === undefined) {
        if (this.#ended) this.end();
        else if (this.#socket.isPaused()) this.#socket.resume();
        return;
      }
      const work = this.#owner.perform(line);
      if (work === undefined) continue;
      this.#busy = true;
      work.then(() => {
        this.#busy = false;
        this.#next();
      });
    }
  }

  // A client that only ever asks would fill the memory with answers.
  #unreadReplies(): boolean {
    if (this.#out.length > mostUnread) this.flush();
    const socket = this.#socket;
    if (socket.writableLength <= mostUnread) return false;
    if (!this.#waitingForReader) {
      this.#waitingForReader = true;
      socket.pause();
      socket.once('drain', () => {
        this.#waitingForReader = false;
        this.#next();
      });
    }
    return true;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#owner.closed();
  }
}

function stopListening(socket: Socket): void {
  for (const name of ['data', 'end', 'timeout', 'close']) socket.removeAllListeners(name);
}
