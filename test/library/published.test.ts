/** The library as a program of somebody else's sees it: the built package, under strict TypeScript. */
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { emptyFolder } from '../builders/folder.ts';

const ROOT = join(import.meta.dirname, '../..');

const PROGRAM = `
  import { createFerry, type EventOf, exitCodeOf, LoginError, type Plan, type Summary } from 'ftp-ferry';

  const ferry = createFerry({
    job: 'site',
    config: {
      servers: { web: { url: 'ftpes://me@example.com' } },
      jobs: { site: { direction: 'push', local: '.', server: 'web', hooks: { before: ['mount', '/srv'] } } },
    },
  });
  const stop = ferry.on('problem', ({ path, code }) => console.error(path.length, code));
  ferry.on('action', (event: EventOf<'action'>) => event.resumedFrom?.toFixed());
  try {
    const plan: Plan = await ferry.plan();
    const running = ferry.run({ signal: AbortSignal.timeout(1000), onPlan: (made) => made.actions.length });
    for await (const event of running) {
      if (event.type === 'summary') console.log(event.exitCode satisfies number, event.time);
    }
    const summary: Summary = await running;
    const { agreed }: { agreed: boolean } = await ferry.verify();
    console.log(plan.madeAt, summary.uploaded, agreed);
  } catch (error) {
    if (error instanceof LoginError) console.error(error.code);
    process.exitCode = exitCodeOf(error);
  }
  stop();
`;

/** What the compiler has to say of a program; empty where it is right. */
async function complaints(program: string): Promise<string> {
  const folder = emptyFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/ftp-ferry'), 'junction');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'program.ts'), program);
  const options = { target: 'es2023', lib: ['es2023'], module: 'nodenext', strict: true, noEmit: true };
  const types = { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] };
  const config = { compilerOptions: { ...options, ...types }, files: ['program.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false']).catch(
    (error: { stdout: string }) => error,
  );
  return stdout;
}

test('a program is compiled as it is, and what is wrong in it is not', { timeout: 90_000 }, async () => {
  const wrong = `
    // @ts-expect-error: there is no such event.
    ferry.on('problems', () => {});
    // @ts-expect-error: there is no such direction.
    createFerry({ config: { jobs: { site: { direction: 'up', local: '.', server: 'web' } } } });
  `;
  expect(await complaints(PROGRAM + wrong)).toBe('');
});
