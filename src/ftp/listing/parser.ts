/** Turns the bytes of MLSD and LIST into a Listing, piece by piece as they arrive, so that a long one blocks nothing. */
import type { Listing, RelPath } from '../../model/index.ts';
import type { NameCodec } from '../encoding.ts';
import { Collector, type CollectorOptions } from './collector.ts';
import { WallClock } from './dates.ts';
import { dialectOf } from './dialect.ts';
import { parseFacts } from './facts.ts';
import { LineSplitter } from './lines.ts';
import type { EndOfListing } from './trust.ts';

export { parseFacts } from './facts.ts';
export type { Seen } from './seen.ts';
export type { EndOfListing } from './trust.ts';

export interface ListingOptions {
  readonly directory: RelPath;
  readonly codec: NameCodec;
  /** Tells the year of dates that are printed without one. */
  readonly now: Date;
  /** How far the server's LIST clock is ahead of UTC, in minutes; null: not measured, so no time is known to be UTC. */
  readonly offsetMinutes: number | null;
  /** Bytes after which no more is read. */
  readonly maxBytes?: number;
  /** Bytes in the longest line that is read; 16 KiB unless said. */
  readonly maxLine?: number;
}

export interface ListingParser {
  /** Takes the next bytes. They may be overwritten afterwards. */
  push(chunk: Uint8Array): void;
  /** True once more than `maxBytes` have come: what follows is not read, and the connection can be given up. */
  readonly full: boolean;
  /**
   * Whether the directory itself (`.`, `cdir`) came up. From a server that lists it elsewhere, a listing without it is
   * that of a directory which may not be read.
   */
  readonly listedItself: boolean;
  /** What was listed, under the listing-trust rules. Call it once, at the end. */
  finish(end: EndOfListing): Listing;
}

/** Reads what MLSD sends (RFC 3659, 7). */
export function mlsdParser(options: ListingOptions): ListingParser {
  return parser(options, { read: parseFacts, isNoise: (line) => line === '' });
}

/** Reads what LIST sends, in whichever dialect its first lines are. */
export function listParser(options: ListingOptions): ListingParser {
  return parser(options, dialectOf(new WallClock(options.now, options.offsetMinutes)));
}

function parser(options: ListingOptions, how: Pick<CollectorOptions, 'read' | 'isNoise'>): ListingParser {
  const { directory, codec, maxBytes = Number.POSITIVE_INFINITY, maxLine = 16 * 1024 } = options;
  const collector = new Collector({ directory, codec, ...how });
  const lines = new LineSplitter(collector, maxLine);
  let bytes = 0;
  return {
    get full() {
      return bytes > maxBytes;
    },
    get listedItself() {
      return collector.listedItself;
    },
    push(chunk) {
      const room = maxBytes - bytes;
      bytes += chunk.length;
      if (room > 0) lines.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    },
    finish(end) {
      const full = bytes > maxBytes;
      return collector.finish(
        end,
        full ? '' : lines.rest,
        full ? `it is longer than ${maxBytes} bytes; longestListing of the server allows more` : undefined,
      );
    },
  };
}
