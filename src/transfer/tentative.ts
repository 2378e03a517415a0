/**
 * Commands after which something else is agreed on than before, and whose reply may be lost: what they bring about is
 * journalled before they are sent. Once the server can be asked again, what it shows tells whether that came to hold.
 * Otherwise what Ferry itself has made or removed there would pass for somebody else's doing.
 */
import { outcomeOf } from '../diff/index.ts';
import { type Agreement, type Memory, type RelPath, type Remote, ReplyError } from '../model/index.ts';

/** What holds for a path once the server has done it; null: there is nothing. */
export interface Outcome {
  readonly path: RelPath;
  readonly outcome: Agreement | null;
}

/** Tells the server to do it. Where that succeeds, the caller learns or forgets, which settles the matter. */
export async function tentatively<T>(
  memory: Memory,
  { path, name = path, outcome }: Outcome & { readonly name?: RelPath },
  tell: () => Promise<T>,
): Promise<T> {
  await memory.propose({ path, name, outcome, since: Date.now() });
  try {
    return await tell();
  } catch (error) {
    if (isRefused(error, outcome)) await memory.withdraw(path);
    throw error;
  }
}

/**
 * As {@link tentatively}, for one command that brings all of it about. `again`: it was sent before, and may have been
 * carried out then; so a refusal now says nothing.
 */
export async function allTentatively<T>(
  memory: Memory,
  outcomes: readonly Outcome[],
  again: boolean,
  tell: () => Promise<T>,
): Promise<T> {
  const since = Date.now();
  await Promise.all(outcomes.map(({ path, outcome }) => memory.propose({ path, name: path, outcome, since })));
  try {
    return await tell();
  } catch (error) {
    if (!again && isRefused(error, null)) await Promise.all(outcomes.map(({ path }) => memory.withdraw(path)));
    throw error;
  }
}

/** Whether it was not done, by the server's own word. One that takes its leave may have done it or not. */
function isRefused(error: unknown, outcome: Agreement | null): boolean {
  if (!(error instanceof ReplyError) || error.reply === 421) return false;
  // Of a file that is in place only what lay aside for it can be refused to go.
  return outcome === null || !error.command.startsWith('DELE');
}

/** Asks the server what became of those of which nobody knows. One that is still open stays for the next run. */
export async function settleTentatives(remote: Remote, memory: Memory, signal: AbortSignal): Promise<void> {
  const open = [...memory.tentatives.values()];
  if (open.length === 0) return;
  const names = open.map(({ name }) => name);
  const sightings = await remote.sight(names, signal);
  for (const [index, tentative] of open.entries()) {
    const { path, outcome } = tentative;
    const became = outcomeOf(tentative, sightings[index]!, Date.now());
    if (became === 'not done') await memory.withdraw(path);
    if (became !== 'done') continue;
    if (outcome === null) await memory.forget(path);
    else await memory.learn(outcome);
  }
}
