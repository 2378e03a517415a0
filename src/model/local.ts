/** The port to the local side: a folder that is read, and written without ever passing through a link. */
import type { Entry } from './entry.ts';
import type { Listing } from './listing.ts';
import type { RelPath } from './path.ts';
import type { ByteSink, ByteSource } from './remote.ts';

/** A file opened once for reading. */
export interface LocalSource extends ByteSource {
  /** As it was when it was opened. */
  readonly entry: Entry;
  /** Whether size, modification time and inode are still those of `entry`, by the open file and by its name. */
  unchanged(): Promise<boolean>;
  /** Bytes [offset, offset + length), fewer at the end of the file. */
  readAt(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A temporary file beside its target. Until {@link commit} resolves, the target holds its old content. */
export interface LocalStage extends ByteSink {
  /** Bytes that are in the temporary file. */
  readonly size: number;
  readAt(offset: number, length: number): Promise<Uint8Array>;
  /**
   * fsync, mtime, mode, rename over the target, fsync of the directory. Resolves with the entry as it now is. Rejects
   * with a ChangingError when `expected` is given and the target is no longer that.
   */
  commit(options: {
    readonly mtime: number | null;
    readonly mode?: number;
    readonly expected?: Entry | null;
  }): Promise<Entry>;
  /** Closes and keeps the temporary file for a later resume, its bytes on the disk. */
  keep(): Promise<void>;
  /** Removes the temporary file. */
  discard(): Promise<void>;
}

export interface Local {
  /** Absolute, links resolved. */
  readonly root: string;
  /** Whether two names that differ only in case are one file here. */
  foldsCase(): Promise<boolean>;
  /** One directory. Rejects with a LocalError where it cannot be read. */
  list(directory: RelPath): Promise<Listing>;
  /** One path, not followed if it is a link; null if nothing is there. */
  look(path: RelPath): Promise<Entry | null>;
  open(path: RelPath): Promise<LocalSource>;
  /** SHA-256 of a file's content in hexadecimal. */
  sha256(path: RelPath): Promise<string>;
  /** Opens the temporary file `temporary` beside `path`; `resume` keeps the bytes it has, otherwise it starts empty. */
  stage(path: RelPath, temporary: RelPath, resume?: boolean): Promise<LocalStage>;
  makeDirectory(path: RelPath): Promise<void>;
  rename(from: RelPath, to: RelPath): Promise<void>;
  remove(path: RelPath): Promise<void>;
  /** Removes an empty directory. */
  removeDirectory(path: RelPath): Promise<void>;
  /** Makes the pending directory entries durable; part of every commit batch. */
  flush(): Promise<void>;
}
