/** The job that a verb about backups means: a named one, or the only one of the configuration that is a backup. */

import { notABackup } from '../backup/index.ts';
import { type JobSettings, loadConfig, processSurroundings } from '../config/index.ts';
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
  const named = name ?? (await onlyBackup(flags, verb));
  const target = await jobOf(named === undefined ? [] : [named], flags, { name: verb });
  const { settings } = target;
  // What a push keeps for a rollback can be listed and restored all the same.
  if (settings.backup === undefined && keepOf(settings) === undefined) throw notABackup(settings.name);
  return target;
}

/** Undefined where there is no configuration: who looks for the job says so. */
async function onlyBackup({ config: file }: RunFlags, verb: string): Promise<string | undefined> {
  const config = await loadConfig({ file, surroundings: processSurroundings() });
  if (config === null) return undefined;
  const names = [...config.jobs].filter(([, job]) => job.backup !== undefined).map(([job]) => job);
  if (names.length === 1) return names[0];
  const where = printable(config.file);
  if (names.length > 1) {
    throw new UsageError(
      `name one of the backups in ${where}: ${names.join(', ')}; such as: ferry ${verb} ${names[0]}`,
    );
  }
  throw new UsageError(`no job in ${where} is a backup; "backup": { "keep": { "daily": 7 } } in a job makes it one`);
}
