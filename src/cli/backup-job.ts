/** The job that a verb about backups means: a named one, or the only one of the configuration that is a backup. */

import { notABackup } from '../backup/index.ts';
import { CONFIG_NAME, type JobSettings, loadConfig, looksLikeUrl, processSurroundings } from '../config/index.ts';
import { printable, UsageError } from '../model/index.ts';
import { keepOf } from '../sync/index.ts';
import type { RunFlags } from './options.ts';
import { jobOf, type Target } from './target.ts';

/** @throws UsageError where the job is no backup, or it is not clear which one is meant; ConfigError. */
export async function backupJobOf(
  name: string | undefined,
  flags: RunFlags,
  verb: string,
): Promise<Target<JobSettings>> {
  const named = await jobNamed(name, flags, verb);
  const target = await jobOf([named], flags, { name: verb });
  const { settings } = target;
  // What a push keeps for a rollback can be listed and restored all the same.
  if (settings.backup === undefined && keepOf(settings) === undefined) throw notABackup(settings.name);
  return target;
}

/** The job that was named, else the only backup there is. */
async function jobNamed(name: string | undefined, { config: file }: RunFlags, verb: string): Promise<string> {
  const config = await loadConfig({ file, surroundings: processSurroundings() });
  if (config === null || (name !== undefined && looksLikeUrl(name) && !config.jobs.has(name))) {
    throw new UsageError(
      `ferry ${verb} is for a job of a ${CONFIG_NAME}${config === null ? ', and there is none here or above' : ''}: "ferry init" writes one, and "backup": { "keep": { "daily": 7 } } in a job makes it a backup`,
    );
  }
  if (name !== undefined) return name;
  const names = [...config.jobs].filter(([, job]) => job.backup !== undefined).map(([job]) => job);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  const where = printable(config.file);
  if (names.length > 1) {
    throw new UsageError(
      `name one of the backups in ${where}: ${names.join(', ')}; such as: ferry ${verb} ${names[0]}`,
    );
  }
  throw new UsageError(`no job in ${where} is a backup; "backup": { "keep": { "daily": 7 } } in a job makes it one`);
}
