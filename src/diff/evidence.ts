/** Facts about single files that are fetched only where a decision depends on them. */
import type { RelPath, Stamps } from '../model/index.ts';

/** A fact that has to be fetched before a path can be judged. */
export interface Ask {
  /** The key under which the {@link Evidence} is looked up: the name on the source (in a sync: local) side. */
  readonly path: RelPath;
  /** The name on the destination (in a sync: remote) side, where it differs. */
  readonly alias?: RelPath;
  /**
   * - `local-sha256`: hash the local file
   * - `remote-time`: ask the server for size and time of that very path
   * - `content`: compare both sides' content, by the server's hash or by reading
   * - `one-name`: whether the server takes the two names, which differ in case, for one
   */
  readonly ask: 'local-sha256' | 'remote-time' | 'content' | 'one-name';
}

/** The answers so far. Every path that was asked for must be in its map, whatever came of it. */
export interface Evidence {
  /** Hexadecimal; null: the file could not be read. */
  readonly localSha256: ReadonlyMap<RelPath, string | null>;
  /** Null: the server did not say. */
  readonly remoteTime: ReadonlyMap<RelPath, { readonly mtime: number | null; readonly stamps: Stamps } | null>;
  readonly content: ReadonlyMap<RelPath, 'same' | 'different' | 'unknown'>;
  readonly oneName: ReadonlyMap<RelPath, boolean>;
  /** Of those without a time: the server could tell, and would not now. */
  readonly withheld?: ReadonlySet<RelPath>;
}

export const NO_EVIDENCE: Evidence = {
  localSha256: new Map(),
  remoteTime: new Map(),
  content: new Map(),
  oneName: new Map(),
};
