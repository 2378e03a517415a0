/**
 * An FTP client with every command in one's own hands: one connection, the order of the calls, nothing decided for the
 * caller but safety. Runs of a whole folder are {@link run}'s. Here are the transfers; the connection itself is in
 * `conversation.ts`, folders and listings are in `names.ts`.
 */
import { UsageError } from '../../model/errors.ts';
import { CrlfToLf, LfToCrlf } from '../line-ends.ts';
import { type DataStream, openStream } from './data-stream.ts';
import { Names } from './names.ts';
import type { FtpClientOptions, FtpLogin } from './options.ts';
import { blocks, LineSink, linesToNetwork, type Source } from './pieces.ts';
import { type FtpReply, toText } from './reply.ts';
import type { TransferResult } from './transfers.ts';

/** How bytes are moved. */
export interface BinaryOptions {
  /** Bytes of the file to skip (REST; RFC 3659, 5). An upload's source then holds what follows. Default 0. */
  readonly offset?: number;
  /** Most bytes in a block. Default 1 MiB. */
  readonly blockSize?: number;
  /** Breaks the transfer off; it rejects with an InterruptedError. */
  readonly signal?: AbortSignal;
}

/** How text is written and read. */
export interface TextOptions {
  readonly signal?: AbortSignal;
}

/** How lines of text are read. */
export interface LinesOptions extends TextOptions {
  /** Bytes in the longest line that is taken. Default 1 MiB. */
  readonly maxLine?: number;
}

const MIB = 1024 * 1024;

/**
 * Methods may be called without waiting for the one before: they are carried out in the order of the calls. All of
 * them reject with a FerryError: ReplyError for what the server refused (the connection lives on), ProtocolError for
 * what is no answer to the question, NameError for what cannot be sent, LostError once the connection is gone.
 */
export class FtpClient extends Names {
  /** A client that is connected and logged in. */
  static async open(options: FtpClientOptions & FtpLogin): Promise<FtpClient> {
    const { user, password, account, ...rest } = options;
    const client = new FtpClient(rest);
    await client.connect();
    try {
      await client.login({
        ...(user !== undefined && { user }),
        ...(password !== undefined && { password }),
        ...(account !== undefined && { account }),
      });
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /**
   * Receives in binary type. `command` is `RETR name` as a rule. `onBlock` gets what comes, in order; a promise holds the
   * sender back. Rejects with a MismatchError where less came than the server announced.
   */
  async retrieveBinary(
    command: string,
    onBlock: (block: Uint8Array) => void | Promise<void>,
    options: BinaryOptions = {},
  ): Promise<TransferResult> {
    const size = blockSize(options);
    const sink = {
      async write(chunk: Uint8Array) {
        for (let at = 0; at < chunk.length; at += size) await onBlock(chunk.subarray(at, at + size));
      },
    };
    return this.mover.receive(command, 'I', sink, options);
  }

  /**
   * Sends in binary type. `command` is `STOR name`, `APPE name`, or `STOU`. `onBlock` is called after each block was
   * handed to the network. That the server confirms is no proof of what it holds: ask {@link size}.
   */
  async storeBinary(
    command: string,
    source: Source<Uint8Array>,
    options: BinaryOptions & { readonly onBlock?: (block: Uint8Array) => void } = {},
  ): Promise<TransferResult> {
    return this.mover.store(command, 'I', blocks(source, blockSize(options), options.onBlock), options);
  }

  /** Receives in ASCII type line by line, in the client's encoding, without line ends. Never resumed, no size checked. */
  async retrieveLines(
    command: string,
    onLine: (line: string) => void | Promise<void>,
    { maxLine = MIB, signal }: LinesOptions = {},
  ): Promise<TransferResult> {
    const sink = new LineSink(this.line.site, maxLine, onLine);
    const result = await this.mover.receive(command, 'A', sink, { signal });
    await sink.end();
    return result;
  }

  /** Sends lines in ASCII type, in the client's encoding; a line end that a line brings along is not doubled. */
  async storeLines(
    command: string,
    source: Source<string>,
    { signal, onLine }: TextOptions & { readonly onLine?: (line: string) => void } = {},
  ): Promise<TransferResult> {
    const { codec } = this.line.site;
    return this.mover.store(command, 'A', linesToNetwork(source, codec.encode, onLine), { signal });
  }

  /** Receives a text in ASCII type as bytes, its line ends as LF. */
  async retrieveText(
    command: string,
    onPiece: (piece: Uint8Array) => void | Promise<void>,
    { signal }: TextOptions = {},
  ): Promise<TransferResult> {
    const lines = new CrlfToLf();
    const sink = { write: async (chunk: Uint8Array) => onPiece(lines.convert(chunk)) };
    const result = await this.mover.receive(command, 'A', sink, { signal });
    await onPiece(lines.end());
    return result;
  }

  /** Sends a text in ASCII type, its line ends (LF or CR LF) as CR LF. */
  async storeText(command: string, source: Source<Uint8Array>, { signal }: TextOptions = {}): Promise<TransferResult> {
    const lines = new LfToCrlf();
    async function* converted() {
      for await (const piece of source) yield lines.convert(piece);
    }
    return this.mover.store(command, 'A', converted(), { signal });
  }

  /**
   * Starts a transfer and hands out its data connection, with the size that the server announced. Everything else on
   * this client waits until the stream is closed. `type` is binary (`I`) unless said.
   */
  async openTransfer(
    command: string,
    { offset, signal, type = 'I' }: { offset?: number; signal?: AbortSignal; type?: 'A' | 'I' } = {},
  ): Promise<DataStream> {
    if (type === 'A' && offset) throw new UsageError('an offset means nothing in ASCII type (RFC 3659, 5.2)');
    return openStream(this.line, this.mover, command, type, { offset, signal });
  }

  /**
   * ABOR (RFC 959, 4.1.3), also while a transfer runs: that one rejects with an InterruptedError, and the connection
   * lives on. Resolves with what the server answered to ABOR: 225 or 226, or from some 426 or 451 again.
   */
  async abort(): Promise<FtpReply> {
    return toText(this.line.site, await this.mover.abort());
  }
}

function blockSize({ blockSize: size = MIB }: BinaryOptions): number {
  if (!Number.isSafeInteger(size) || size < 1) throw new UsageError(`a block has some bytes, not ${size}`);
  return size;
}
