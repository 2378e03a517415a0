import { expect, test } from 'vitest';
import { createReporter } from '../../src/report/index.ts';
import { action, problem, start, summary } from './events.ts';
import { recorder } from './terminal.ts';

const mask = (text: string) => text.replaceAll('upload', '***').replaceAll('s3cret', '***');

function lines(...events: Parameters<ReturnType<typeof createReporter>>[0][]): string[] {
  const stdout = recorder();
  const stderr = recorder();
  const report = createReporter({ mode: 'json', mask, stdout, stderr });
  for (const event of events) report(event);
  expect(stderr.text()).toBe('');
  expect(stdout.text().endsWith('\n')).toBe(true);
  return stdout.text().slice(0, -1).split('\n');
}

test('one object a line, type and time first', () => {
  const [first, second] = lines(start(), summary({ uploaded: 3 }));
  expect(first).toMatch(/^\{"type":"start","time":"2026-01-02T00:00:00.000Z",/);
  expect(JSON.parse(first!)).toEqual(start());
  expect(JSON.parse(second!)).toEqual(summary({ uploaded: 3 }));
});

test('a name with a line break stays on its line, and comes out as it was', () => {
  const [line, ...more] = lines(problem('a\nb\x1b', 'x'));
  expect(more).toEqual([]);
  expect(JSON.parse(line!)).toMatchObject({ path: 'a\nb\x1b' });
});

test('secrets are masked in texts, and words of the vocabulary are not touched', () => {
  const [line] = lines(action({ path: 's3cret/upload.txt', reason: 'new' }));
  expect(JSON.parse(line!)).toMatchObject({ action: 'upload', path: '***/***.txt' });
});
