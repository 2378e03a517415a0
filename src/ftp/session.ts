/** One connection that is logged in: its pipeline, and what data connections need to know of it. */
import type { TLSSocket } from 'node:tls';
import { type FerryError, LostError } from '../model/errors.ts';
import type { Control } from './control.ts';
import type { Pipeline, Send } from './pipeline.ts';
import { PortsAhead } from './ports-ahead.ts';
import type { Site } from './site.ts';

export class Session {
  readonly site: Site;
  readonly control: Control;
  readonly pipeline: Pipeline;
  /** Address of the server's end of the control connection, or the host as a proxy is told: data is exchanged with no other. */
  readonly peer: string;
  /** Address of our end. */
  readonly local: string;
  /** Whether data connections are under TLS: as a rule if the control connection is. */
  secure: boolean;
  /** The newest TLS session: servers want to see it on data connections, and a ticket of TLS 1.3 serves only once. */
  ticket: Buffer | undefined;
  readonly ports: PortsAhead;
  /** Set by the pool: told once when the connection is gone. */
  onLost: ((error: FerryError) => void) | undefined;

  constructor(site: Site, control: Control, pipeline: Pipeline) {
    this.site = site;
    this.control = control;
    this.pipeline = pipeline;
    this.ports = new PortsAhead(site.knowledge);
    const { host, proxy } = site.options;
    this.peer = (proxy ? undefined : control.socket.remoteAddress) ?? host;
    this.local = control.socket.localAddress ?? '';
    this.secure = control.hasTLS;
    if (this.secure) {
      const socket = control.socket as TLSSocket;
      this.ticket = control.tlsSessionStore ?? socket.getSession();
      socket.on('session', (ticket: Buffer) => {
        this.ticket = ticket;
      });
    }
  }

  get alive(): boolean {
    return this.pipeline.lost === undefined;
  }

  readonly send: Send = (command, options) => this.pipeline.send(command, options);

  /**
   * Says goodbye and closes, within a second, whatever is under way. Where nothing is, the answer is not waited for: it
   * says nothing that anybody would want to know.
   */
  async close(): Promise<void> {
    if (!this.alive) return;
    this.onLost = undefined;
    const timer = setTimeout(() => this.#end(), 1000);
    const { idle } = this.pipeline;
    const goodbye = this.pipeline.send('QUIT').catch(() => {});
    if (idle) {
      // The rest takes its course, and keeps no process alive.
      timer.unref();
      void goodbye.then(() => clearTimeout(timer)).then(() => this.#end());
      await this.control.end();
      return;
    }
    await goodbye;
    clearTimeout(timer);
    this.#end();
  }

  #end(): void {
    this.pipeline.fail(new LostError('the connection was closed'));
  }
}
