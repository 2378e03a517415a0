/**
 * Takes files out of a hot folder (`after`) once the server holds them. A file goes only if it is, byte for byte, what the
 * server was seen to have: what was sent in this run and checked there, or what is compared by content now.
 */

import type { Tally } from '../act/tally.ts';
import { NO_EVIDENCE } from '../diff/index.ts';
import {
  type Agreement,
  ChangingError,
  fingerprintOf,
  isWithin,
  joinPath,
  LocalError,
  nameOf,
  type Pair,
  parentOf,
  type RelPath,
  ROOT,
  type RunEventBody,
  type Tell,
  toRelPath,
} from '../model/index.ts';
import { sameVersion } from '../transfer/index.ts';
import { gather } from './evidence.ts';

export interface HotFolderOptions {
  readonly pair: Pair;
  /** The folder that files are moved to, in the local one; null: they are deleted. */
  readonly move: string | null;
  readonly tell: Tell;
  readonly tally: Tally;
  readonly signal: AbortSignal;
  readonly attempts: number;
  /** What the run was about, where it was not about everything. */
  readonly only?: readonly RelPath[];
}

/** Names tried for a file that has a namesake where it is moved to. */
const MOST_NAMESAKES = 1000;

/** Notes what is sent, to be asked once the run is over. */
export class SentFiles {
  readonly #sent = new Set<string>();

  note(event: RunEventBody): void {
    if (event.type === 'action' && event.action === 'upload' && event.status === 'done') this.#sent.add(event.path);
  }

  has(path: RelPath): boolean {
    return this.#sent.has(path);
  }
}

export async function clearHotFolder(sent: SentFiles, options: HotFolderOptions): Promise<void> {
  const { pair, only, signal, tally } = options;
  const agreements: Agreement[] = [];
  for await (const agreed of pair.memory.all()) {
    if (agreed.kind !== 'file') continue;
    if (!only || only.some((path) => isWithin(agreed.path, path))) agreements.push(agreed);
  }
  for (const agreed of agreements) {
    signal.throwIfAborted();
    const { path } = agreed;
    try {
      const entry = await pair.local.look(path);
      // Another file has the name by now: it is to be sent itself.
      if (entry?.kind !== 'file' || !sameVersion(fingerprintOf(entry), agreed.local)) continue;
      if (!sent.has(path) && !(await isThere(path, options))) continue;
      await take(agreed, options);
    } catch (error) {
      if (!(error instanceof LocalError)) throw error;
      const message = `it was sent, but cannot be taken out of the folder: ${error.message}`;
      tally.problem({ path, side: 'local', code: 'failed', message });
    }
  }
}

/** Whether the server holds the same content: a size that is the same is not enough to give a file away. */
async function isThere(path: RelPath, { pair, signal, attempts }: HotFolderOptions): Promise<boolean> {
  const options = { ...pair, direction: 'push' as const, signal, mayRead: true, attempts };
  const { content } = await gather([{ path, ask: 'content' }], NO_EVIDENCE, options);
  return content.get(path) === 'same';
}

/**
 * Forgotten first: a kill in between then leaves a file that is found on both sides, and not one that reads as deleted
 * here.
 * RACE: a program that writes into the very file between the look and the removal loses that.
 */
async function take(agreed: Agreement, { pair, move, tell }: HotFolderOptions): Promise<void> {
  const { path, local: was } = agreed;
  await pair.memory.forget(path);
  await pair.memory.flush();
  // What it was before tells the next run that it is another one now.
  if (!(await isStill(pair, agreed))) return pair.memory.learn(agreed);
  if (move === null) await pair.local.remove(path);
  else await moveAway(path, toRelPath(move), pair);
  const about = { path, side: 'local', reason: 'sent', size: was.size, status: 'done', attempt: 1, bytes: 0 } as const;
  tell({ type: 'action', action: move === null ? 'delete' : 'rename', ...about });
}

/** By its content where its time can stand for another one as well. */
async function isStill({ local }: Pair, { path, local: was, sha256 }: Agreement): Promise<boolean> {
  const now = await local.look(path);
  if (now?.kind !== 'file' || !sameVersion(fingerprintOf(now), was)) return false;
  if (was.stamps.stat !== undefined) return true;
  try {
    return (await local.sha256(path)) === sha256;
  } catch (error) {
    if (error instanceof ChangingError) return false;
    throw error;
  }
}

async function moveAway(path: RelPath, into: RelPath, { local }: Pair): Promise<void> {
  const target = toRelPath(`${into}/${path}`);
  for (const directory of ancestors(target)) await local.makeDirectory(directory);
  for (let n = 1; ; n++) {
    try {
      return await local.rename(path, n === 1 ? target : namesake(target, n));
    } catch (error) {
      if (!(error instanceof LocalError) || error.errno !== 'EEXIST' || n >= MOST_NAMESAKES) throw error;
    }
  }
}

/** The directories that a path is in, from above. */
function ancestors(path: RelPath): RelPath[] {
  const found: RelPath[] = [];
  for (let at = parentOf(path); at !== ROOT; at = parentOf(at)) found.unshift(at);
  return found;
}

/** `name.2.ext` */
function namesake(path: RelPath, n: number): RelPath {
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  const cut = dot > 0 ? dot : name.length;
  return joinPath(parentOf(path), `${name.slice(0, cut)}.${n}${name.slice(cut)}`);
}
