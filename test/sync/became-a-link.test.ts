/** A file that is to be removed by a saved plan, and is a link by the time that it is carried out. */
import { readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readPlan, savePlan } from '../../src/cli/saved-plan.ts';
import { apply, plan, run } from '../../src/sync/index.ts';
import { job } from '../builders/connect.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { perform } from '../builders/perform.ts';
import { start } from '../servers/every-server.ts';

const FILES = { 'a.txt': 'a', 'b.txt': 'b', 'gone.txt': 'g' };

test.each([
  { direction: 'push', saved: true, exitCode: 7 },
  { direction: 'pull', saved: true, exitCode: 7 },
  { direction: 'push', saved: false, exitCode: 3 },
  { direction: 'pull', saved: false, exitCode: 3 },
] as const)('$direction, saved: $saved: the link stays', async ({ direction, saved, exitCode }) => {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  const there = draw(join(server.root, 'site'), FILES);
  const [local, state] = [draw(emptyFolder(), FILES), emptyFolder()];
  const settings = job(server, local, { direction, retries: 0 });
  await perform(settings, state);
  const [source, destination] = direction === 'push' ? [local, there] : [there, local];
  rmSync(join(source, 'gone.txt'));
  const link = () => {
    rmSync(join(destination, 'gone.txt'));
    symlinkSync('a.txt', join(destination, 'gone.txt'));
  };
  const file = join(emptyFolder(), 'saved.plan');
  await savePlan(file, (await perform(settings, state, { verb: plan })).plan!);
  if (saved) link();
  const { summary } = await perform(settings, state, {
    onPlan: () => saved || link(),
    verb: async (one, options) => (saved ? apply(one, await readPlan(file), options) : run(one, options)),
  });
  expect(summary).toMatchObject({ exitCode, deleted: 0 });
  expect(readdirSync(destination)).toContain('gone.txt');
});
