/** Settles the hooks of a job: one program or several become a list, and the time limit a number. */
import type { Argv, HookSettings } from '../model/index.ts';
import { deadline, parseDuration } from './duration.ts';
import type { HooksText, JobText } from './schema.ts';
import type { MaintenanceSettings } from './settings.ts';

/** ms */
const USUAL_TIMEOUT = 300_000;

/** @param folder where the programs run: that of the configuration. */
export function hooksOf(hooks: HooksText, heartbeat: JobText['heartbeat'], folder: string): HookSettings {
  return Object.freeze({
    before: listOf(hooks.before),
    after: listOf(hooks.after),
    failed: listOf(hooks.failed),
    heartbeat: heartbeat ?? null,
    timeout: hooks.timeout === undefined ? USUAL_TIMEOUT : deadline(parseDuration(hooks.timeout)),
    folder,
  });
}

/** @param folder where the programs run: that of the configuration. */
export function maintenanceOf(
  { enter, leave, timeout }: NonNullable<JobText['maintenance']>,
  folder: string,
): MaintenanceSettings {
  return Object.freeze({
    enter: listOf(enter),
    leave: listOf(leave),
    timeout: timeout === undefined ? USUAL_TIMEOUT : deadline(parseDuration(timeout)),
    folder,
  });
}

function listOf(written: HooksText['before']): readonly Argv[] {
  if (written === undefined) return [];
  return Object.freeze(isOne(written) ? [written] : written);
}

function isOne(written: Argv | readonly Argv[]): written is Argv {
  return typeof written[0] === 'string';
}
