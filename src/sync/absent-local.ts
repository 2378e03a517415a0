/** A local folder that does not exist yet, for a look at what a run would do: it is empty, and it stays away. */
import { type Local, LocalError } from '../model/index.ts';

export function absentLocal(root: string): Local {
  const refuse = async (): Promise<never> => {
    throw new LocalError(`${root} does not exist`, 'ENOENT');
  };
  return {
    root,
    foldsCase: async () => false,
    list: refuse,
    look: async () => null,
    open: refuse,
    sha256: refuse,
    stage: refuse,
    makeDirectory: refuse,
    rename: refuse,
    remove: refuse,
    removeDirectory: refuse,
    flush: async () => {},
  };
}
