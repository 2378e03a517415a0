/** The log of runs: every line with time, level and job, as many as the level asks for, and no secret in any. */
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/model/index.ts';
import { type LogFormat, type LogLevel, logReporter } from '../../src/report/index.ts';
import { action, problem, retry, start, summary, warning } from './events.ts';

async function logged(format: LogFormat, level: LogLevel, events: readonly RunEvent[]): Promise<string[]> {
  let text = '';
  const mask = (said: string) => said.replaceAll('s3cret', '***');
  const log = logReporter({ format, level, mask, pid: 42, append: (lines) => (text += lines) });
  for (const event of events) log(event);
  log.note('debug', 'PASS s3cret');
  await log.close();
  expect(text).toMatch(/\n$/);
  return text.trimEnd().split('\n');
}

const EVENTS = [
  start(),
  warning('plain text'),
  action({ status: 'started' }),
  retry(),
  action({ status: 'done' }),
  problem('b\x07.txt', 'cannot\nbe read: s3cret'),
  summary({ exitCode: 3, failed: 1 }),
];

describe('as text', () => {
  test.each([
    ['error', ['ERROR', 'ERROR']],
    ['warn', ['WARN', 'WARN', 'ERROR', 'ERROR']],
    ['info', ['INFO', 'WARN', 'WARN', 'INFO', 'ERROR', 'ERROR']],
    ['debug', ['INFO', 'WARN', 'DEBUG', 'WARN', 'INFO', 'ERROR', 'ERROR', 'DEBUG']],
  ] as const)('level %s', async (level, levels) => {
    const lines = await logged('text', level, EVENTS);
    expect(lines.map((line) => line.split(/ +/)[1])).toEqual(levels);
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z [A-Z]+ +\[42\] site: \S/);
  });

  test('a line stays a line, safe for a terminal and without secrets', async () => {
    const lines = await logged('text', 'debug', EVENTS);
    expect(lines[5]).toMatch(/ site: problem: b\\x07\.txt: cannot be read: \*\*\*$/);
    expect(lines.at(-1)).toMatch(/ site: PASS \*\*\*$/);
  });

  test('a run that went well ends with what it did', async () => {
    const lines = await logged('text', 'info', [start(), summary({ uploaded: 1, bytesSent: 5 })]);
    expect(lines.at(-1)).toMatch(/ INFO {2}\[42\] site: ended, exit 0: 1 uploaded \(5 B\), 0 unchanged/);
  });
});

test('as JSON every line is an event with level, job and process', async () => {
  const lines = (await logged('json', 'debug', EVENTS)).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ type }) => type)).toEqual([
    'start',
    'warning',
    'action',
    'retry',
    'action',
    'problem',
    'summary',
    'note',
  ]);
  expect(lines[5]).toMatchObject({ level: 'error', job: 'site', pid: 42, path: 'b\x07.txt', code: expect.anything() });
  expect(JSON.stringify(lines)).not.toContain('s3cret');
});
