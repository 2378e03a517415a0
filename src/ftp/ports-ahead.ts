/**
 * The port of the next data connection, asked for before there is a transfer that needs it: sent along with a STOR, EPSV
 * is answered together with its 226, and the next file costs two round trips and not three. Only vsftpd bears it: it reads
 * nothing while a transfer is under way, and takes what has come meanwhile in its order. (ProFTPD answers 450, Pure-FTPd
 * 500, and pyftpdlib gives up the transfer.)
 */
import type { Knowledge } from './capabilities.ts';
import type { PassiveMode } from './passive.ts';
import type { Send } from './pipeline.ts';
import type { Reply } from './reply.ts';

/** ms after which a port is not relied on any more: something on the way may have forgotten about it. */
const FRESH = 10_000;

export class PortsAhead {
  readonly #knowledge: Knowledge;
  #asked: { readonly mode: PassiveMode; readonly reply: Promise<Reply>; until: number } | undefined;

  constructor(knowledge: Knowledge) {
    this.#knowledge = knowledge;
  }

  get has(): boolean {
    return this.#asked !== undefined;
  }

  /** Another way to a data connection is taken: with that, the server gives up the port that it was asked for before. */
  forget(): void {
    this.#asked = undefined;
  }

  /** Asks right behind the command of a transfer, where this server is known to bear it. */
  askAhead(send: Send, mode: PassiveMode): void {
    if (!this.#knowledge.answersInTurn) return;
    const reply = send(mode);
    const asked = { mode, reply, until: Number.POSITIVE_INFINITY };
    this.#asked = asked;
    reply.then(
      ({ ok }) => {
        asked.until = performance.now() + FRESH;
        // Otherwise it is not the server that it seemed to be.
        if (!ok) this.#knowledge.answersInTurn = false;
      },
      () => {},
    );
  }

  /**
   * The answer that was asked for ahead; undefined where there is none, or none that can be relied on. It comes right
   * behind the reply that ended the transfer before, so waiting for it costs nothing.
   */
  async take(mode: PassiveMode): Promise<Reply | undefined> {
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked?.mode !== mode || performance.now() > asked.until) return undefined;
    const reply = await asked.reply;
    return reply.ok ? reply : undefined;
  }
}
