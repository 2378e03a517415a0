/** Content through pipes: from a file on a server to whoever reads, and from whoever writes to a file there. */
import { randomBytes } from 'node:crypto';
import {
  type ByteSink,
  ChangingError,
  FerryError,
  type Fingerprint,
  type Inspection,
  type Lane,
  type Memory,
  MismatchError,
  type RelPath,
  ReplyError,
} from '../model/index.ts';
import { type TemporaryStyle, temporaryFor } from '../model/temporary.ts';
import { retrying } from '../queue/index.ts';
import { sameVersion } from '../transfer/index.ts';
import { publish } from '../transfer/swap.ts';
import { linesIn } from '../transfer/text.ts';
import { journalled } from './journal.ts';
import { onLane } from './remove.ts';
import type { Work } from './work.ts';

/** ms to take away what was begun, at most. */
const TIDYING = 3000;

export interface PourOptions {
  readonly text: boolean;
  /** Attempts, the first included. */
  readonly attempts: number;
}

/**
 * Hands a file's bytes to `sink`, once each and in order. Cut off, it goes on behind the last one, if the server can and
 * the file is still the same.
 */
export async function pour(
  work: Work,
  path: RelPath,
  sink: ByteSink,
  { text, attempts }: PourOptions,
): Promise<number> {
  const { remote, signal } = work;
  const versions: Fingerprint[] = [];
  let [poured, travelled, lines, before] = [0, 0, 0, 0];
  const counting: ByteSink = {
    async write(chunk) {
      await sink.write(chunk);
      poured += chunk.length;
      if (text) lines += linesIn(chunk);
    },
  };
  const attempt = async () => {
    const lane = await remote.lane(signal);
    try {
      const version = fingerprint(await inspected(lane, path));
      if (versions[0] && version && !sameVersion(versions[0], version)) {
        throw new FerryError(
          'changing',
          'it changed on the server while it was read; what came is of the version before',
        );
      }
      if (version) versions.push(version);
      if (poured > 0 && (text || !remote.capabilities.restart)) {
        throw new FerryError('lost', 'the connection was lost, and it cannot be taken up again in the middle');
      }
      const size = version?.size;
      if (poured > 0 && poured === size) return;
      const onBytes = (bytes: number) => {
        travelled += bytes;
      };
      const from = text ? { text: true } : { offset: poured };
      await lane.read(path, counting, { ...from, signal, onBytes });
      const whole = text ? travelled >= (size ?? 0) && travelled <= (size ?? 0) + lines : poured === size;
      if (size !== undefined && !whole) throw new MismatchError(`${poured} of its ${size} bytes came`);
    } finally {
      lane.release();
    }
  };
  const progressed = () => {
    const more = poured > before;
    before = poured;
    return more;
  };
  const onRetry = (error: unknown, number: number, delay: number) => {
    const message = error instanceof Error ? error.message : String(error);
    work.tell({ type: 'retry', path, attempt: number, delay, message });
  };
  await retrying(attempt, { attempts, signal, progressed, onRetry });
  return poured;
}

/** Undefined where the server tells neither size nor time of a file; RETR then says whether it is there. */
async function inspected(lane: Lane, path: RelPath): Promise<Inspection | undefined> {
  try {
    return await lane.inspect(path);
  } catch (error) {
    if (error instanceof ReplyError && !error.retryable) return undefined;
    throw error;
  }
}

function fingerprint(seen: Inspection | undefined): Fingerprint | undefined {
  return seen && seen.size !== null ? { size: seen.size, stamps: seen.stamps } : undefined;
}

export interface FillOptions {
  readonly text: boolean;
  /** Whether a file that is there is left, and nothing read. */
  readonly keep: boolean;
}

/**
 * Writes what `source` yields to a file on the server: under a temporary name, whose size is checked, and only then
 * under its own. A stream can be read but once, so nothing is tried again. Resolves with the bytes that were read, or
 * null where the file was kept.
 */
export async function fill(
  work: Work,
  path: RelPath,
  source: AsyncIterable<Uint8Array>,
  { text, keep }: FillOptions,
): Promise<number | null> {
  let begun: RelPath | undefined;
  const write = async (lane: Lane, memory: Memory) => {
    const before = await lane.find(path);
    if (before && keep) return null;
    const tag = randomBytes(4).toString('hex');
    let [read, lines] = [0, 0];
    const counted = {
      async *chunks() {
        for await (const chunk of source) {
          read += chunk.length;
          lines += text ? linesIn(chunk) : 0;
          yield chunk;
        }
      },
    };
    const send = async (style: TemporaryStyle) => {
      const temporary = temporaryFor(path, tag, style);
      const sent = await lane.write(temporary, counted, { text, signal: work.signal });
      return { temporary, sent, style };
    };
    begun = temporaryFor(path, tag);
    const { temporary, sent, style } = await send('hidden').catch((error) => {
      // Refused before anything was read: some servers take no hidden names.
      if (read > 0 || !(error instanceof ReplyError) || error.retryable) throw error;
      begun = temporaryFor(path, tag, 'visible');
      return send('visible');
    });
    const [held, there] = await Promise.all([lane.inspect(temporary), lane.find(path)]);
    if (held.size !== null && held.size !== sent && !(text && held.size === sent - lines)) {
      throw new MismatchError(`the server holds ${held.size} of its ${sent} bytes`);
    }
    const [now, then] = [there && standing(there), before && standing(before)];
    if (now && !(then && sameVersion(now, then))) {
      throw new ChangingError('somebody else changed it on the server meanwhile; it was left as it is');
    }
    await publish(lane, memory, temporary, path, now, { style });
    return read;
  };
  const written = journalled(work, 'remote', [`/${path}`], ({ memory }) => onLane(work, (lane) => write(lane, memory)));
  return written.catch(async (error) => {
    const temporary = begun;
    // On a connection of its own, and even when stopped: the one that it came by may not have survived.
    const tidy = { ...work, signal: AbortSignal.timeout(TIDYING) };
    if (temporary) await onLane(tidy, (lane) => lane.remove(temporary)).catch(() => {});
    throw error;
  });
}

function standing({ size, stamps }: Inspection): Fingerprint {
  return { size: size ?? 0, stamps };
}
