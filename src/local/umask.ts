/** The permissions that a new file gets when nobody says otherwise. */
import { readFileSync } from 'node:fs';

/**
 * 0666 without the bits of the process's umask. Linux tells the umask in a file; asking the system means to change it
 * for a moment (DEP0139), so that is done only where there is no other way.
 */
export function defaultMode(): number {
  return 0o666 & ~(umaskOfStatus() ?? process.umask());
}

function umaskOfStatus(): number | undefined {
  try {
    const line = /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'));
    return line?.[1] === undefined ? undefined : Number.parseInt(line[1], 8);
  } catch {
    return undefined;
  }
}
