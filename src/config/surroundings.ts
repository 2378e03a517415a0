/** What configuration takes from the process around it, so that a test can hand in its own. */
import { homedir } from 'node:os';

export interface Surroundings {
  /** The working folder, absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder, absolute. */
  readonly home: string;
  /** Asks a person for a secret without showing it; left out where nobody is there. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
}

/** Those of this process. */
export function processSurroundings(ask?: (question: string) => Promise<string>): Surroundings {
  return { cwd: process.cwd(), env: process.env, home: homeFolder(), ask };
}

/** A user who stands in no list of users, as in a container, has no home; then it is the root, where nothing is found. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
