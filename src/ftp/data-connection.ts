/**
 * One data connection (RFC 959, 3.2): a socket whose errors are kept instead of thrown, because the server's reply on
 * the control connection is the better explanation and the session outlives it.
 */
import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ConnectError, LostError } from '../model/errors.ts';
import { RecordTap } from './close-notify.ts';
import { Inlet } from './inlet.ts';
import { tunnel } from './proxy.ts';
import { READ_SIZE } from './read-size.ts';
import type { Session } from './session.ts';

export class DataConnection {
  readonly #session: Session;
  readonly #raw: Socket;
  /** Where what arrives can be had, instead of from the socket. */
  readonly inlet: Inlet | undefined;
  #tap: RecordTap | undefined;
  #top: Socket | TLSSocket;
  /** Resolves once a proxy has let us through to the server. */
  #tunnel: Promise<void> | undefined;
  #error: Error | undefined;
  #ended = false;
  #flowing = false;
  /** Given up, and about to be reset. */
  #breaking = false;
  /** Told when anything arrives, ends or breaks. */
  onChange: (() => void) | undefined;

  constructor(session: Session, raw: Socket, inlet?: Inlet) {
    this.#session = session;
    this.#raw = raw;
    this.inlet = inlet;
    this.#top = raw;
    raw.on('error', (error) => this.#failed(error));
  }

  /**
   * Dials a port of the control connection's peer; never another host, whatever the server named (CVE-2020-8284).
   * @param byInlet whether what arrives is taken from its inlet: what TLS or a proxy speaks first is not
   */
  static dial(session: Session, port: number, byInlet: boolean): DataConnection {
    const { sourceAddress, proxy, connectTimeout } = session.site.options;
    const inlet = byInlet && !session.secure && !proxy ? new Inlet() : undefined;
    const raw = new Socket({
      highWaterMark: READ_SIZE,
      ...(inlet && { onread: inlet.onread }),
    } as ConstructorParameters<typeof Socket>[0]);
    raw.setNoDelay(true);
    const connection = new DataConnection(session, raw, inlet);
    if (inlet) inlet.resume = () => raw.resume();
    const target = { host: session.peer, port };
    const { host: first, port: at } = proxy ?? target;
    raw.connect({ host: first, port: at, ...(sourceAddress !== undefined && { localAddress: sourceAddress }) });
    if (proxy) {
      connection.#tunnel = tunnel(raw, proxy, target, connectTimeout).catch(notThisTime);
      connection.#tunnel.catch((error) => connection.#failed(error));
    }
    return connection;
  }

  get socket(): Socket {
    return this.#top;
  }

  /** Whether data can flow, or could. */
  get flowing(): boolean {
    return this.#flowing;
  }

  /** What broke it; undefined while nothing did. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Whether the other side has ended its stream, or the connection is gone. */
  get over(): boolean {
    return this.#ended || this.#error !== undefined || this.#top.destroyed;
  }

  /** Whether the other side has ended its stream as it meant to: under TLS by close_notify, where that is watched. */
  get endedWell(): boolean {
    return this.#ended && this.#error === undefined && (this.#tap?.ended ?? true);
  }

  /** Resolves when TCP is connected; rejects with the system's error, a proxy's refusal, or after `connectTimeout`. */
  connected(): Promise<void> {
    return this.#tunnel ?? this.#happens(this.#raw, 'connect', () => !this.#raw.connecting);
  }

  /**
   * Resolves when data can flow: at once after the connection is made, or after the TLS handshake and a look at the
   * certificate. The command that the data belongs to must have been sent: pyftpdlib closes a connection on which TLS
   * begins before it. Rejects with a TlsError where the certificate is not to be trusted, otherwise with the system's.
   */
  async ready(watchEnd: boolean): Promise<void> {
    const session = this.#session;
    if (!session.secure) {
      await this.connected();
    } else {
      // TLS is spoken with the server, so not before the proxy is done.
      if (this.#tunnel) await this.#tunnel;
      if (watchEnd) this.#tap = new RecordTap(this.#raw);
      const top = session.site.tls.wrap(this.#tap ?? this.#raw, session.ticket);
      this.#top = top;
      top.on('error', (error) => this.#failed(error));
      top.on('session', (ticket) => {
        session.ticket = ticket;
      });
      await this.#happens(top, 'secureConnect', () => false);
      session.site.tls.check(top, { data: true });
    }
    this.#flowing = true;
    const top = this.#top;
    top.on('end', () => {
      this.#ended = true;
      this.onChange?.();
    });
    top.on('close', () => this.onChange?.());
    top.setTimeout(session.site.options.dataTimeout, () => {
      const seconds = Math.round(session.site.options.dataTimeout / 1000);
      this.#failed(new Error(`the data connection stood still for ${seconds} s`));
      this.abort();
    });
  }

  /**
   * Resolves once TLS has written all that it has to say by itself. Node ends a stream without waiting for that, and an
   * upload of nothing would end before its handshake. It writes one piece in each turn of the event loop: what is left of
   * the handshake, and then nothing.
   */
  async saidAll(): Promise<void> {
    if (!this.#session.secure) return;
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  }

  /** Breaks the connection off, in a way that the server cannot take for the end of the file. */
  abort(): void {
    this.#error ??= new Error('the data connection was given up');
    this.#breakOff();
    this.onChange?.();
  }

  #breakOff(): void {
    const raw = this.#raw;
    if (raw.destroyed || raw.connecting) this.destroy();
    else if (this.#top === raw) raw.resetAndDestroy();
    else if (!this.#breaking) {
      // A turn later: what is told of TLS, a handshake that is done or bytes that came, is told from within it, and
      // Node does not survive it (a segmentation fault) that the socket below is taken away there.
      this.#breaking = true;
      setImmediate(() => {
        if (!raw.destroyed) raw.resetAndDestroy();
        this.#top.destroy();
      });
    }
  }

  destroy(): void {
    // Not by an end that may be taken for that of the file.
    if (this.#breaking) return;
    this.#top.destroy();
    this.#raw.destroy();
  }

  #failed(error: Error): void {
    this.#error ??= error;
    this.onChange?.();
  }

  #happens(socket: Socket, event: 'connect' | 'secureConnect', already: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error) return reject(this.#error);
      if (already()) return resolve();
      const timeout = this.#session.site.options.connectTimeout;
      const settle = (error?: Error) => {
        clearTimeout(timer);
        socket.removeListener(event, onEvent);
        socket.removeListener('close', onClose);
        if (error) reject(error);
        else resolve();
      };
      const onEvent = () => settle();
      const onClose = () => settle(this.#error ?? new Error('the data connection was closed'));
      const timer = setTimeout(() => {
        settle(new Error(`no answer within ${Math.round(timeout / 1000)} s`));
        this.abort();
      }, timeout);
      socket.once(event, onEvent);
      socket.once('close', onClose);
    });
  }
}

/** What a proxy cannot do now costs one connection, to be made again; what it refuses for good is for people to mend. */
function notThisTime(error: Error): never {
  if (!(error instanceof ConnectError) || !error.retryable) throw error;
  throw new LostError(error.message, { cause: error });
}
