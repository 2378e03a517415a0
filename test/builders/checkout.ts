/** Fresh checkouts: the same files in a new folder, with new times and no state on the machine. */
import { rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { JobSettings } from '../../src/config/settings.ts';
import type { AnyServer } from '../servers/every-server.ts';
import { job } from './connect.ts';
import { type Drawing, draw, emptyFolder } from './folder.ts';
import { type Performed, perform } from './perform.ts';

let checkouts = 0;

/** A folder with these files, their times like in no other checkout. */
export function checkout(drawing: Drawing): string {
  const folder = draw(emptyFolder(), drawing);
  checkouts++;
  const time = Math.floor(Date.now() / 1000) - 100_000 + checkouts * 777;
  for (const [path, content] of Object.entries(drawing))
    if (content !== null) utimesSync(join(folder, path), time, time);
  return folder;
}

/** Pushes a fresh checkout of these files, as a CI runner would that has never seen the job. */
export async function deploy(
  server: AnyServer,
  drawing: Drawing,
  changes: Partial<JobSettings> = {},
  options: Parameters<typeof perform>[2] = {},
): Promise<Performed> {
  const stateBase = emptyFolder();
  const performed = await perform(job(server, checkout(drawing), { state: 'remote', ...changes }), stateBase, options);
  rmSync(stateBase, { recursive: true, force: true });
  return performed;
}
