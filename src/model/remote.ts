/**
 * The port to the remote side. What stands here is guaranteed by every implementation and is held to by one contract
 * suite; optional powers are in the capability record.
 */
import type { Capabilities } from './capabilities.ts';
import type { Entry, Stamps } from './entry.ts';
import type { Listing } from './listing.ts';
import type { RelPath } from './path.ts';

/** The answer about one path: `absent` only where the server was asked for that path and said that it is not there. */
export type Sighting =
  | { readonly path: RelPath; readonly found: 'present'; readonly entry: Entry }
  | { readonly path: RelPath; readonly found: 'absent' }
  | {
      readonly path: RelPath;
      readonly found: 'unknown';
      readonly because: string;
      /** The name cannot be sent to this server at all: asking again is of no use. */
      readonly unspeakable?: boolean;
    };

/** Bytes to be sent, from any offset, as often as needed. */
export interface ByteSource {
  /** Pieces of at most 1 MiB from `offset` on; each may be overwritten once the one after the next is asked for. */
  chunks(offset: number): AsyncIterable<Uint8Array>;
}

/** Where received bytes go, in order. A promise holds the sender back until it settles. */
export interface ByteSink {
  write(chunk: Uint8Array): Promise<void> | void;
}

export interface WriteOptions {
  /** Where in the file to go on; 0 (the default) writes it anew. */
  readonly offset?: number;
  /** As text (TYPE A; RFC 959, 3.1.1.1): line ends travel as CR LF and become the server's own. Never with an offset. */
  readonly text?: boolean;
  /** Called with the number of bytes handed to the network since the last call. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface ReadOptions {
  readonly offset?: number;
  /** As text (TYPE A): the server's line ends arrive as LF. Never with an offset. */
  readonly text?: boolean;
  /** Stop after so many bytes (the transfer is then aborted or its connection given up). */
  readonly length?: number;
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
  /** Called when all bytes are here and only the server's confirmation is to come: the lane may be given back then. */
  readonly onReceived?: () => void;
}

/** What a server says of one file. */
export interface Inspection {
  /** Bytes; null where it does not say. */
  readonly size: number | null;
  /** ms since the epoch, UTC; null where it does not say. */
  readonly mtime: number | null;
  readonly stamps: Stamps;
}

/** A server's answer, in its own words (RFC 959, 4.2). */
export interface ServerReply {
  readonly code: number;
  /** Every line with its code, without line ends. */
  readonly lines: readonly string[];
}

/**
 * One connection, owned by one task at a time. Methods may be called without waiting for the one before: commands
 * travel together and are carried out in the order of the calls; what follows a transfer waits for its end.
 * Every method rejects with a FerryError: ReplyError for what the server refused (the connection lives on), LostError
 * when the connection is gone.
 */
export interface Lane {
  /** False once the connection is lost; the lane must then be released. */
  readonly alive: boolean;
  /**
   * Writes a file under exactly this name. Resolves with the bytes sent once the server has confirmed the transfer;
   * that is no proof of what it holds: ask {@link inspect}. With an offset it goes on by REST+STOR or APPE.
   */
  write(path: RelPath, source: ByteSource, options?: WriteOptions): Promise<number>;
  /** Reads a file; resolves with the bytes received. A transfer cut short may still resolve: compare the size. */
  read(path: RelPath, sink: ByteSink, options?: ReadOptions): Promise<number>;
  /** Size and stamps of one file, asked of that very path (MLST, else SIZE and MDTM). Rejects if it is not there. */
  inspect(path: RelPath): Promise<Inspection>;
  /**
   * As {@link inspect}; null where the server refuses for good, which it does where there is nothing.
   * LIMIT: a server that refuses to tell of a file that is there is taken at its word.
   */
  find(path: RelPath): Promise<Inspection | null>;
  /** Sets the modification time (ms, UTC); false where the server cannot. */
  setModified(path: RelPath, mtime: number): Promise<boolean>;
  /** Changes permission bits (SITE CHMOD); false where the server cannot. */
  setMode(path: RelPath, mode: number): Promise<boolean>;
  /** RNFR and RNTO. Whether an existing target is replaced depends on the server. */
  rename(from: RelPath, to: RelPath): Promise<void>;
  remove(path: RelPath): Promise<void>;
  removeDirectory(path: RelPath): Promise<void>;
  /** Makes one directory; one that is already there is no error. */
  makeDirectory(path: RelPath): Promise<void>;
  /**
   * Sends a command that needs no data connection and resolves with its final reply, whatever the code. Rejects with a
   * UsageError for one that would change the connection under everything else that it serves, a NameError for one that
   * holds a line break or NUL.
   */
  order(command: string): Promise<ServerReply>;
  /** Makes one directory; false where it is there already. Of several who ask at once, one is told that it made it. */
  claimDirectory(path: RelPath): Promise<boolean>;
  /** Gives the connection back. Safe to call twice. */
  release(): void;
}

export interface RemoteCounters {
  readonly commands: number;
  readonly connections: number;
}

export interface Remote {
  /** Connects once, logs in and finds out what the server can do. Rejects with what `exit code 5` stands for. */
  open(signal?: AbortSignal): Promise<Capabilities>;
  /** What is known by now; throws before {@link open}. */
  readonly capabilities: Capabilities;
  /**
   * Lists one directory under the listing-trust rules: what cannot be trusted to be complete says so. Rejects with a
   * ReplyError where the server refused. Many may be asked for at once; they are spread over the connections.
   */
  list(directory: RelPath, signal?: AbortSignal): Promise<Listing>;
  /** Asks for these very paths, in flights; answers in the order of the question. */
  sight(paths: readonly RelPath[], signal?: AbortSignal): Promise<readonly Sighting[]>;
  /** Content hash by the server in lower-case hexadecimal; null where it cannot. */
  hash(path: RelPath, signal?: AbortSignal): Promise<string | null>;
  /** A connection of one's own; waits for a free one. */
  lane(signal?: AbortSignal): Promise<Lane>;
  /** How many lanes can be had at once, as learnt so far. */
  readonly width: number;
  readonly counters: RemoteCounters;
  /** A hint that so many lanes will be asked for soon: their connections are made meanwhile. */
  warm(lanes: number): void;
  /** Makes every directory of the remote root that is missing; false where none was. */
  makeRoot(signal?: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}
