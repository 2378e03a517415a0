/** The lines that were typed into shells before, for the arrow keys. */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const MOST = 1000;

/** The latest first, as readline wants them. What cannot be read is no history. */
export async function loadHistory(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  const kept = lines.slice(-MOST);
  // Two shells may do this at once; a line of the other one may get lost, which is no harm.
  if (lines.length > 2 * MOST) await writeFile(file, `${kept.join('\n')}\n`, { mode: 0o600 }).catch(() => {});
  return kept.reverse();
}

/** SITE PSWD and its like carry a password. */
const SECRET = /^raw\s.*(?:pass|pswd|pwd\s)/i;

/** Keeps a line, unless it begins with a blank, and is not to be kept, or sends a password. */
export async function keepLine(file: string, line: string): Promise<void> {
  if (line === '' || /^\s/.test(line) || SECRET.test(line)) return;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await appendFile(file, `${line}\n`, { mode: 0o600 });
  } catch {
    // A shell without history is still a shell.
  }
}
