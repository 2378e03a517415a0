import { expect, test } from 'vitest';
import { createReporter } from '../../src/report/index.ts';
import { action, problem, start, summary } from './events.ts';
import { recorder } from './terminal.ts';

const mask = (text: string) => text.replaceAll('upload', '***').replaceAll('s3cret', '***');

async function lines(...events: Parameters<ReturnType<typeof createReporter>>[0][]): Promise<string[]> {
  const stdout = recorder();
  const stderr = recorder();
  const report = createReporter({ mode: 'json', mask, stdout, stderr });
  for (const event of events) report(event);
  await report.close();
  expect(stderr.text()).toBe('');
  expect(stdout.text().endsWith('\n')).toBe(true);
  return stdout.text().slice(0, -1).split('\n');
}

test('one object a line, type and time first, the first one with the version of them all', async () => {
  const [first, second] = await lines(start(), summary({ uploaded: 3 }));
  expect(first).toMatch(/^\{"type":"start","time":"2026-01-02T00:00:00.000Z",/);
  expect(JSON.parse(first!)).toEqual({ ...start(), version: 1 });
  expect(JSON.parse(second!)).toEqual(summary({ uploaded: 3 }));
});

test('a name with a line break stays on its line, and comes out as it was', async () => {
  const [line, ...more] = await lines(problem('a\nb\x1b', 'x'));
  expect(more).toEqual([]);
  expect(JSON.parse(line!)).toMatchObject({ path: 'a\nb\x1b' });
});

test('secrets are masked in texts, and words of the vocabulary are not touched', async () => {
  const [line] = await lines(action({ path: 's3cret/upload.txt', reason: 'new' }));
  expect(JSON.parse(line!)).toMatchObject({ action: 'upload', path: '***/***.txt' });
});

test('what happens in one turn of the event loop is one write, and nothing waits longer', async () => {
  const writes: string[] = [];
  const stdout = {
    write: (text: string, done?: () => void) => {
      writes.push(text);
      done?.();
    },
  };
  const report = createReporter({ mode: 'json', mask, stdout: stdout as never, stderr: recorder() });
  for (let n = 0; n < 100; n++) report(start());
  await new Promise((done) => setImmediate(done));
  expect(writes).toHaveLength(1);
  expect(writes[0]!.trimEnd().split('\n')).toHaveLength(100);
});
