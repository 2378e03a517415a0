// Which of the programs that Ferry is compared with are on this machine.
import { spawnSync } from 'node:child_process';

/** The first version number that a program prints, or undefined when it is not there. */
export function versionOf(program: string, argument: string): string | undefined {
  const { stdout, error } = spawnSync(program, [argument], { encoding: 'utf8', timeout: 10_000 });
  if (error !== undefined) return undefined;
  return /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? 'unknown';
}
