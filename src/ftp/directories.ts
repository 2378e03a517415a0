/** Makes directories. Whether one is there already is found out by entering it, never by the text of a refusal. */
import type { Session } from './session.ts';

/** Makes one directory, `path` as it goes on the wire; one that is there already is no error. */
export async function makeDirectory(session: Session, path: string): Promise<void> {
  await claimDirectory(session, path);
}

/** Makes one directory; false where it is there already. */
export async function claimDirectory(session: Session, path: string): Promise<boolean> {
  const command = `MKD ${path}`;
  const made = await session.send(command);
  if (made.ok) return true;
  const entered = await session.send(`CWD ${path}`);
  if (!entered.ok) throw session.site.refused(command, made);
  return false;
}

/**
 * Makes every directory of an absolute path that is missing; those above the ones that exist are left alone. False where
 * nothing was missing.
 */
export async function makeAll(session: Session, path: string): Promise<boolean> {
  if (path === '') return false;
  // In one flight: mostly it is there, or only it is missing.
  const [entered, made] = await Promise.all([session.send(`CWD ${path}`), session.send(`MKD ${path}`)]);
  if (entered.ok) return false;
  if (made.ok) return true;
  const missing = [path];
  for (let at = parentOf(path); at !== ''; at = parentOf(at)) {
    if ((await session.send(`CWD ${at}`)).ok) break;
    missing.unshift(at);
  }
  let some = false;
  for (const one of missing) some = await claimDirectory(session, one);
  return some;
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
