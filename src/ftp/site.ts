/** One server as all its connections share it: where it is, what is known about it, and how its names are written. */
import type { RelPath } from '../model/path.ts';
import { Knowledge } from './capabilities.ts';
import { type NameCodec, nameCodec } from './encoding.ts';
import { refused } from './failure.ts';
import type { ServerOptions } from './options.ts';
import { checkProxy } from './proxy.ts';
import type { Reply } from './reply.ts';
import { TlsLayer } from './tls.ts';

export class Site {
  readonly options: ServerOptions;
  readonly codec: NameCodec;
  readonly knowledge = new Knowledge();
  readonly counters = { commands: 0, connections: 0 };
  #tls: TlsLayer | undefined;
  #base: string | undefined;

  constructor(options: ServerOptions) {
    this.options = options;
    this.codec = nameCodec(options.encoding);
    if (options.proxy) checkProxy(options.proxy, options.mode);
  }

  /** `host:port`, for messages. */
  get place(): string {
    const { host, port } = this.options;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  }

  /** Made when first needed; throws a TlsError where its parts cannot be used. */
  get tls(): TlsLayer {
    this.#tls ??= new TlsLayer(this.options);
    return this.#tls;
  }

  /** Whether names are to be sent in UTF-8. */
  get utf8(): boolean {
    return /^utf-?8$/i.test(this.codec.name);
  }

  /** Whether the remote folder of the pair lies below the folder that the login starts in. */
  get inHome(): boolean {
    return !this.options.root.startsWith('/');
  }

  /** The remote folder of the pair, absolute and on the wire, without a slash at its end: `''` is the server's root. */
  get base(): string {
    if (this.#base !== undefined) return this.#base;
    const { root } = this.options;
    const { inHome } = this;
    const below = this.codec.encode(inHome ? root.replace(/^~(?:\/|$)/, '') : root);
    const whole = inHome ? `${this.knowledge.home ?? ''}/${below}` : below;
    const base = whole.replaceAll(/\/+/g, '/').replace(/\/$/, '');
    if (this.knowledge.home !== undefined || !inHome) this.#base = base;
    return base;
  }

  /** A path as it is sent. Throws a NameError where the charset has no such character. */
  wire(path: RelPath): string {
    if (path === '') return this.base === '' ? '/' : this.base;
    return `${this.base}/${this.codec.encode(path)}`;
  }

  /** What the server wrote, as well as it can be read. */
  text(latin1: string): string {
    try {
      return this.codec.decode(latin1);
    } catch {
      return latin1;
    }
  }

  /** The error for a reply of 400 or more to a command as it was sent. */
  refused(command: string, reply: Reply): Error {
    return refused(command, reply, (latin1) => this.text(latin1));
  }
}
