/** What is in the folder of a snapshot in the making, once the run has made it like the server. */
import {
  type Entry,
  type EntryKind,
  isTemporary,
  type Local,
  LocalError,
  nameOf,
  printable,
  type RelPath,
  ROOT,
} from '../model/index.ts';

export interface Survey {
  readonly files: readonly Entry[];
  readonly directories: readonly RelPath[];
}

/**
 * Walks the folder, and takes away what does not belong into a snapshot: what a cut-off run left of a transfer, and what
 * is out of scope by now. @throws LocalError where something cannot be looked at.
 */
export async function survey(
  local: Local,
  admits: (path: RelPath, kind: EntryKind) => boolean,
  signal: AbortSignal,
): Promise<Survey> {
  const files: Entry[] = [];
  const directories: RelPath[] = [];
  const walk = async (directory: RelPath, wanted: boolean): Promise<void> => {
    signal.throwIfAborted();
    const { entries, problems } = await local.list(directory);
    const [problem] = problems;
    if (problem) throw new LocalError(`${printable(problem.path)}: ${problem.message}`, 'EIO');
    for (const { path, kind, ...entry } of entries) {
      if (directory === ROOT && nameOf(path) === '.ferry') continue;
      const stays = wanted && admits(path, kind) && !isTemporary(nameOf(path));
      if (kind === 'directory') {
        if (stays) directories.push(path);
        await walk(path, stays);
        if (!stays) await local.removeDirectory(path);
      } else if (stays && kind === 'file') files.push({ path, kind, ...entry });
      else await local.remove(path);
    }
  };
  await walk(ROOT, true);
  return { files, directories };
}
