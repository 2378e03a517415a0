/** A folder that lasts for one test, and surroundings that know nothing of the machine. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Surroundings } from '../../src/config/index.ts';

export interface TestFolder {
  readonly path: string;
  /** Writes a file, readable by its owner only unless `mode` says otherwise; objects as JSON. Returns its path. */
  write(name: string, content: unknown, mode?: number): string;
  /** Working in this folder, at home in `home` below it, with nothing in the environment. */
  surroundings(more?: Partial<Surroundings>): Surroundings;
}

export function testFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), 'ferry-config-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write(name, content, mode = 0o600) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2), { mode });
      return file;
    },
    surroundings: (more = {}) => ({ cwd: path, home: join(path, 'home'), env: {}, ...more }),
  };
}
