/** Where throw-away folders are made. */
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const MEMORY = '/dev/shm';

/**
 * In memory where there is room for so many bytes: a disk's own pace would hide what the programs do. ext4 gives out the
 * inodes of deleted files only minutes later, and looks at each of them again for every new file until then
 * (`recently_deleted` in fs/ext4/ialloc.c): thousands of files that come and go make it several times slower.
 */
export function scratchFolder(bytes: number): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= bytes ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
