/**
 * Transfers of a client, and the end of one that is under way. While one runs, every other command waits for it, all
 * but ABOR.
 */
import { InterruptedError, MismatchError, UsageError } from '../../model/errors.ts';
import { type TransferRequest, transferWithin } from '../data-transfer.ts';
import { type Mover, receiving, sending } from '../moving.ts';
import type { Send } from '../pipeline.ts';
import type { Reply } from '../reply.ts';
import type { Connection, TransferType } from './connection.ts';
import { type FtpReply, toText } from './reply.ts';

/** How a transfer ended. */
export interface TransferResult {
  /** Bytes that travelled. In ASCII type that is not the size of the file. */
  readonly bytes: number;
  /** The reply with which it began (1xx), where there was one. */
  readonly opening: FtpReply | undefined;
  /** Size in bytes that the opening reply told; undefined where it did not. */
  readonly size: number | undefined;
  readonly reply: FtpReply;
}

export interface Finished extends TransferResult {
  /** Whether the data ended as the server meant it to, where that was watched. */
  readonly endedWell: boolean;
}

/** What a transfer in a section is given. */
export interface Slot {
  readonly send: Send;
  readonly signal: AbortSignal;
  /** The first preliminary reply, once it has come. */
  readonly opening: () => Reply | undefined;
  /** Called with it when it comes. */
  onOpening: (() => void) | undefined;
}

interface Running {
  readonly send: Send;
  readonly stop: AbortController;
  /** The answer to ABOR, once that was sent. */
  aborting?: Promise<Reply>;
  /** The final reply that came last before it. */
  answered?: Reply;
}

export class Transfers {
  readonly #connection: Connection;
  #running: Running | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  receive(command: string, type: TransferType, sink: Parameters<typeof receiving>[0], extra: Extra): Promise<Finished> {
    return this.#move(command, type, receiving(sink), extra);
  }

  store(command: string, type: TransferType, chunks: AsyncIterable<Uint8Array>, extra: Extra): Promise<Finished> {
    return this.#move(command, type, sending({ chunks: () => chunks }, {}), extra);
  }

  async #move(command: string, type: TransferType, move: Mover<number>, extra: Extra): Promise<Finished> {
    const { site, session } = this.#connection;
    const wire = transferCommand(this.#connection, command);
    const { offset = 0, signal, watchEnd = false } = extra;
    checkOffset(offset);
    return this.run(type, signal, async (slot) => {
      // Where the end is watched, an end that is not the right one is told and not thrown.
      const how = { restart: offset, watchEnd, anyEnd: watchEnd, signal: slot.signal };
      const request: TransferRequest = { command: wire, ...how };
      const { value, reply, endedWell } = await transferWithin(session, slot.send, request, move);
      if (reply.code >= 400) throw site.refused(wire, reply);
      const opening = slot.opening();
      const size = sizeIn(opening);
      if (type === 'I' && offset === 0 && wire.startsWith('RETR ') && size !== undefined && value < size) {
        throw new MismatchError(`${value} bytes came of ${size} that the server announced`);
      }
      return { bytes: value, opening: opening && toText(site, opening), size, reply: toText(site, reply), endedWell };
    });
  }

  /** A transfer's turn on the connection, its type set. Ends after the answer to an ABOR, if there was one. */
  run<T>(type: TransferType, signal: AbortSignal | undefined, work: (slot: Slot) => Promise<T>): Promise<T> {
    return this.#connection.section(async (send) => {
      const stop = new AbortController();
      const running: Running = { send, stop };
      this.#running = running;
      let opening: Reply | undefined;
      const slot: Slot = {
        send: async (command, options) => {
          running.answered = await send(command, {
            ...options,
            onPreliminary(reply) {
              opening ??= reply;
              slot.onOpening?.();
              return options?.onPreliminary?.(reply) ?? false;
            },
          });
          return running.answered;
        },
        signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
        opening: () => opening,
        onOpening: undefined,
      };
      try {
        if (slot.signal.aborted) throw new InterruptedError('abort');
        await this.#connection.setType(send, type);
        return await work(slot);
      } finally {
        // Without an await where there is none: an ABOR in between would have no section to be sent in.
        if (running.aborting) await fence(send, running.aborting);
        this.#running = undefined;
      }
    });
  }

  /**
   * ABOR (RFC 959, 4.1.3): the transfer under way is broken off. There are two replies then, one for each command, but
   * ProFTPD sends them in either order, Pure-FTPd says twice that the transfer failed (426, 451) or answers but once. So
   * a 4xx here is no refusal, and what comes after ABOR tells whether it was answered.
   */
  async abort(): Promise<Reply> {
    const running = this.#running;
    if (!running) return this.#connection.order('ABOR');
    // Before the data connection goes: the server then knows why.
    running.aborting ??= running.send('ABOR', { isNext: isFence });
    running.stop.abort();
    const reply = await running.aborting;
    if (reply.code >= 500) throw this.#connection.site.refused('ABOR', reply);
    return isFence(reply) ? (running.answered ?? reply) : reply;
  }
}

/** The answer to NOOP, and never to ABOR or a transfer. */
const isFence = (reply: Reply): boolean => reply.code === 200;

/** Resolves when ABOR was answered or will not be. The transfer has ended by now, so the server listens again. */
async function fence(send: Send, aborting: Promise<Reply>): Promise<void> {
  const noop = send('NOOP');
  await Promise.allSettled([aborting, noop]);
}

export interface Extra {
  /** Bytes of the file to skip. */
  readonly offset?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether to look at how TLS ends; costs speed. */
  readonly watchEnd?: boolean;
}

const NEEDS_DATA = /^(RETR|STOR|STOU|APPE|LIST|NLST|MLSD)(?= |$)/i;

/** A command with a data connection, on the wire, its verb in capitals. */
export function transferCommand(connection: Connection, command: string): string {
  if (!NEEDS_DATA.test(command)) throw new UsageError(`${command.split(' ')[0]} is not a command that transfers`);
  return connection.wire(command).replace(NEEDS_DATA, (verb) => verb.toUpperCase());
}

/** The size in `150 Opening ... (1234 bytes)`, which is how most servers announce a file. */
export function sizeIn(opening: Reply | undefined): number | undefined {
  const digits = /\((\d{1,15}) bytes\)/i.exec(opening?.text ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function checkOffset(offset: number): void {
  const possible = Number.isSafeInteger(offset) && offset >= 0;
  if (!possible) throw new UsageError(`an offset is a number of bytes, not ${offset}`);
}
