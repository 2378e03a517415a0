/** Fetches the facts that a decision asks for: hashes, and times of single files. */
import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { CaseProbe } from '../act/case-probe.ts';
import { sightPatiently } from '../act/sight-patiently.ts';
import { type Ask, type Evidence, nameOn } from '../diff/index.ts';
import { CrlfToLf } from '../ftp/line-ends.ts';
import {
  ChangingError,
  type Direction,
  type HashAlgorithm,
  type Local,
  LocalError,
  type RelPath,
  type Remote,
  ReplyError,
} from '../model/index.ts';
import { linesIn } from '../transfer/text.ts';

export interface EvidenceOptions {
  readonly local: Local;
  readonly remote: Remote;
  readonly direction: Direction;
  readonly signal: AbortSignal;
  /** Whether content may be fetched to be compared, where the server cannot hash. */
  readonly mayRead: boolean;
  /** Texts are compared with their line ends made equal, which takes reading them. */
  readonly isText?: (path: RelPath) => boolean;
  /** How often the server is asked for what it cannot say at once. */
  readonly attempts: number;
  /** Without it no two names are one to the server. */
  readonly caseProbe?: CaseProbe;
}

/** Everything that is asked for, added to what is known already. */
export async function gather(asks: readonly Ask[], known: Evidence, options: EvidenceOptions): Promise<Evidence> {
  const { local, remote, direction, signal, attempts } = options;
  const localSha256 = new Map(known.localSha256);
  const remoteTime = new Map(known.remoteTime);
  const content = new Map(known.content);
  const oneName = new Map(known.oneName);
  const times = asks.filter(({ ask }) => ask === 'remote-time' || (ask === 'content' && isListedVaguely(remote)));
  const sightings =
    times.length === 0
      ? []
      : await sightPatiently(
          remote,
          times.map((ask) => nameOn('remote', direction, ask)),
          { attempts, signal },
        );
  const withheld = new Set(known.withheld);
  times.forEach((ask, index) => {
    const sighting = sightings[index];
    remoteTime.set(ask.path, sighting?.found === 'present' ? sighting.entry : null);
    // Content is compared all the same.
    const wanted = ask.ask === 'remote-time';
    if (wanted && sighting?.found === 'unknown' && !sighting.unspeakable) withheld.add(ask.path);
  });
  for (const ask of asks) {
    signal.throwIfAborted();
    if (ask.ask === 'local-sha256') {
      const here = nameOn('local', direction, ask);
      localSha256.set(ask.path, await orNull(() => local.sha256(here)));
    } else if (ask.ask === 'content') {
      content.set(ask.path, await compareContent(ask, options));
    } else if (ask.ask === 'one-name') {
      const [here, there] = [nameOn('local', direction, ask), nameOn('remote', direction, ask)];
      oneName.set(ask.path, (await options.caseProbe?.isOne(here, there, { attempts, signal })) ?? false);
    }
  }
  return { localSha256, remoteTime, content, oneName, withheld };
}

/**
 * Whether listings tell times to the minute and the server could tell them exactly. It is asked before content is read: a
 * listing's date alone, once remembered, would stand for whatever comes in the rest of its minute.
 */
function isListedVaguely({ capabilities: { mlst, mdtm } }: Remote): boolean {
  return mdtm && !mlst;
}

async function compareContent(ask: Ask, options: EvidenceOptions): Promise<'same' | 'different' | 'unknown'> {
  const { local, remote, direction, signal, mayRead } = options;
  const here = nameOn('local', direction, ask);
  const there = nameOn('remote', direction, ask);
  if (options.isText?.(ask.path)) return mayRead ? compareTexts(options, here, there) : 'unknown';
  const algorithm = remote.capabilities.hash?.algorithm;
  const sum = algorithm ? await remote.hash(there, signal) : null;
  const theirs = sum ?? (mayRead ? await readRemote(remote, there, signal) : null);
  if (theirs === null) return 'unknown';
  const ours = await orNull(() => hashLocal(local, here, sum !== null && algorithm ? algorithm : 'sha256'));
  if (ours === null) return 'unknown';
  return ours === theirs ? 'same' : 'different';
}

/** Both with LF as their line ends: LF stays what it is, so converting twice does no harm. */
async function compareTexts(
  { local, remote, signal }: EvidenceOptions,
  here: RelPath,
  there: RelPath,
): Promise<'same' | 'different' | 'unknown'> {
  const theirs = await readText(remote, there, signal);
  if (theirs === null) return 'unknown';
  const ours = await orNull(() => textSum(local, here));
  if (ours === null) return 'unknown';
  return ours === theirs ? 'same' : 'different';
}

async function textSum(local: Local, path: RelPath): Promise<string> {
  const source = await local.open(path);
  try {
    const [sum, lines] = [createHash('sha256'), new CrlfToLf()];
    for await (const chunk of source.chunks(0)) sum.update(lines.convert(chunk));
    return sum.update(lines.end()).digest('hex');
  } finally {
    await source.close();
  }
}

async function readText(remote: Remote, path: RelPath, signal: AbortSignal): Promise<string | null> {
  const lane = await remote.lane(signal);
  try {
    const sum = createHash('sha256');
    let [travelled, ends] = [0, 0];
    const write = (chunk: Uint8Array) => {
      ends += linesIn(chunk);
      sum.update(chunk);
    };
    const onBytes = (bytes: number) => {
      travelled += bytes;
    };
    await lane.read(path, { write }, { signal, text: true, onBytes });
    const { size } = await lane.inspect(path);
    const whole = size === null || (travelled >= size && travelled <= size + ends);
    return whole ? sum.digest('hex') : null;
  } catch (error) {
    if (error instanceof ReplyError && !error.retryable) return null;
    throw error;
  } finally {
    lane.release();
  }
}

/** SHA-256 of what the server sends; null where it refuses. */
async function readRemote(remote: Remote, path: RelPath, signal: AbortSignal): Promise<string | null> {
  const lane = await remote.lane(signal);
  try {
    const sum = createHash('sha256');
    let received = 0;
    const write = (chunk: Uint8Array) => {
      received += chunk.length;
      sum.update(chunk);
    };
    await lane.read(path, { write }, { signal });
    const { size } = await lane.inspect(path);
    // A transfer cut short would otherwise pass for another content.
    return size === null || size === received ? sum.digest('hex') : null;
  } catch (error) {
    if (error instanceof ReplyError && !error.retryable) return null;
    throw error;
  } finally {
    lane.release();
  }
}

async function hashLocal(local: Local, path: RelPath, algorithm: HashAlgorithm): Promise<string> {
  if (algorithm === 'sha256') return local.sha256(path);
  const source = await local.open(path);
  try {
    if (algorithm === 'crc32') {
      let sum = 0;
      for await (const chunk of source.chunks(0)) sum = crc32(chunk, sum);
      return sum.toString(16).padStart(8, '0');
    }
    const sum: Hash = createHash(algorithm);
    for await (const chunk of source.chunks(0)) sum.update(chunk);
    return sum.digest('hex');
  } finally {
    await source.close();
  }
}

/** How often a file that is written to while it is read is read once more. */
const READINGS = 3;

/** Null: it cannot be read, or never stands still. That is the matter of this file alone. */
async function orNull(hash: () => Promise<string>): Promise<string | null> {
  for (let reading = 1; ; reading++) {
    try {
      return await hash();
    } catch (error) {
      if (error instanceof LocalError) return null;
      if (!(error instanceof ChangingError)) throw error;
      if (reading === READINGS) return null;
    }
  }
}
