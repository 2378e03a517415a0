/**
 * Whole sequences about a backup: edits of its source, backups, prunings, restores and rollbacks under faults, lies, kills
 * and failing disks, of a pull that makes snapshots here and of a push that keeps what it replaces on its server. The oracle
 * keeps a copy of everything that was said to be complete: after each step all that the rules keep comes back byte by byte.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pulls } from './backup/pulls.ts';
import { Pushes } from './backup/pushes.ts';
import { type Sabotage, Scene } from './backup/scene.ts';
import { describeEdit, describeHarm, type Sequence, type Step, sequence } from './backup/steps.ts';
import type { Harness } from './harness.ts';
import { type Kind, type Walked, walkSequences } from './sequences.ts';

export async function walkBackups(one: Sequence, sabotage?: Sabotage): Promise<Walked> {
  const own = mkdtempSync(join(tmpdir(), 'ferry-torture-backup-'));
  const scene = new Scene(one, own, sabotage);
  try {
    await scene.start();
    await walk(one, scene);
  } catch (error) {
    scene.wrong('crash', (error as Error).stack ?? String(error));
  } finally {
    await scene.stop();
    rmSync(own, { recursive: true, force: true });
  }
  return scene;
}

async function walk({ direction, profile, connections, keep, steps }: Sequence, scene: Scene): Promise<void> {
  scene.say(
    `${direction}, a server of the kind "${profile}", ${connections} connections, keeps ${JSON.stringify(keep)}`,
  );
  const told = direction === 'pull' ? new Pulls(scene) : new Pushes(scene);
  for (const step of steps) {
    scene.say(describe(step));
    if (step.step === 'edit') scene.edit(step.edit);
    else await told.take(step);
    if (scene.violations.length > 0) return;
  }
  scene.say('at the end, undisturbed');
  await told.end();
}

function describe(step: Step): string {
  if (step.step === 'edit') return describeEdit(step.edit);
  const harm = 'harm' in step ? `: ${describeHarm(step.harm)}` : '';
  if (step.step === 'restore') return `restore${harm}`;
  if (step.step === 'damage') return `damage that ${step.shows ? 'shows' : 'does not show'}`;
  if (step.step === 'prune') return `prune${harm}`;
  const more = step.step === 'backup' && step.verify ? ', verifying' : '';
  const guarded = step.step === 'backup' && !step.unguarded ? ', guarded' : '';
  return `${step.hours} hours later ${step.step}${more}${guarded}${harm}`;
}

export const BACKUPS: Kind<Sequence, Sabotage> = {
  name: 'backup',
  sequence,
  walk: walkBackups,
  many: 4_000,
  few: 10,
};

export const backup: Harness = { name: BACKUPS.name, run: (options) => walkSequences(BACKUPS, options) };
