import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/model/index.ts';
import { createReporter } from '../../src/report/index.ts';
import { action, problem, start, summary, warning } from './events.ts';
import { recorder } from './terminal.ts';

async function told(...events: RunEvent[]): Promise<string> {
  const stdout = recorder();
  const stderr = recorder();
  const mask = (text: string) => text.replaceAll('s3cret', '***');
  const report = createReporter({ mode: 'quiet', mask, stdout, stderr });
  for (const event of events) report(event);
  await report.close();
  await report.close();
  expect(stdout.text()).toBe('');
  return stderr.text();
}

/** Where it was, and where more of it is. */
const WHERE = '  (/work/public to ftpes://me@h/htdocs; "ferry status site" shows the last runs)\n';

describe('quiet', () => {
  test('says not a word when all is well', async () =>
    expect(await told(start(), warning('plain text'), action(), summary({ uploaded: 1 }))).toBe(''));

  test('not even of a problem that was no reason to fail', async () =>
    expect(await told(start(), problem('a', 'x'), summary())).toBe(''));

  test('otherwise says what, where and why', async () =>
    expect(
      await told(
        start(),
        problem('a\x07.txt', 'cannot be read (EACCES); check its permissions'),
        problem('', 'odd'),
        summary({ exitCode: 3, failed: 2 }),
      ),
    ).toBe(
      'ferry push site: exit 3: 2 paths could not be brought in step; everything else is done; run it again to try once more\n' +
        '  a\\x07.txt: cannot be read (EACCES); check its permissions\n' +
        `  .: odd\n${WHERE}`,
    ));

  test('gives the reason of the run in one line', async () =>
    expect(await told(start(), summary({ exitCode: 5, message: 'no route\nto s3cret' }))).toBe(
      `ferry push site: exit 5: no route to ***\n${WHERE}`,
    ));

  test('counts what is too much to list', async () => {
    const problems = Array.from({ length: 25 }, (_, i) => problem(`f${i}`, 'x'));
    const lines = (await told(start(), ...problems, summary({ exitCode: 3, failed: 25 }))).trimEnd().split('\n');
    expect(lines).toHaveLength(23);
    expect(lines.slice(-3, -1)).toEqual(['  f19: x', '  … and 5 more problems']);
  });

  test('a run that broke off does not swallow what it found', async () =>
    expect(await told(start(), problem('a', 'x'))).toBe(
      `ferry push site: ended early, after 1 problem:\n  a: x\n${WHERE}`,
    ));
});
