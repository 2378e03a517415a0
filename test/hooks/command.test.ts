/** Programs of the user's own: how they are started, heard, and ended. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../src/hooks/command.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { until } from '../cli/harness.ts';

const LONG_ENOUGH = 60_000;

interface Ran {
  readonly why: string | undefined;
  readonly lines: readonly string[];
}

/** Runs a script of Node's. */
async function script(text: string, changes: Partial<Parameters<typeof runCommand>[0]> = {}): Promise<Ran> {
  const lines: string[] = [];
  const why = await runCommand({
    argv: [process.execPath, '-e', text],
    folder: emptyFolder(),
    env: process.env,
    input: '',
    timeout: LONG_ENOUGH,
    output: (line) => lines.push(line),
    ...changes,
  });
  return { why, lines };
}

/** Whether a process is there and no zombie. */
function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

describe('what it is given', () => {
  test('arguments as they are: no shell reads them', async () => {
    const folder = emptyFolder();
    const odd = ['$(touch pwned)', '`id`', 'a b', '', '*', "it's; rm -rf .", 'zeile\nzwei'];
    const { why, lines } = await script('', {
      argv: [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', ...odd],
      folder,
    });
    expect({ why, lines }).toEqual({ why: undefined, lines: [JSON.stringify(odd)] });
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  test('its folder, and its input to the end', async () => {
    const folder = draw(emptyFolder(), { 'here.txt': 'found' });
    const text = `
      console.log(require('fs').readFileSync('here.txt', 'utf8'));
      process.stdin.setEncoding('utf8').on('data', (t) => console.log('in: ' + t)).on('end', () => console.log('end'));
    `;
    expect(await script(text, { folder, input: 'hello' })).toEqual({
      why: undefined,
      lines: ['found', 'in: hello', 'end'],
    });
  });

  test('one that does not read its input is no failure', async () => {
    const { why } = await script('process.stdin.destroy()', { input: 'x'.repeat(1_000_000) });
    expect(why).toBeUndefined();
  });
});

describe('what comes of it', () => {
  test('every line, of both streams, the last one too where it has no end', async () => {
    const { lines } = await script(`process.stdout.write('one\\r\\ntwo\\n'); process.stderr.write('three')`);
    expect([...lines].sort()).toEqual(['one', 'three', 'two']);
  });

  test('a line that never ends is cut into pieces', async () => {
    const { lines } = await script(`process.stdout.write('x'.repeat(20000))`);
    expect(lines.join('')).toBe('x'.repeat(20_000));
    expect(lines.length).toBeGreaterThan(1);
  });

  test.each([
    ['process.exit(3)', /^ended with 3$/],
    [`process.kill(process.pid, 'SIGKILL')`, /^was ended by SIGKILL$/],
  ])('%s', async (text, why) => {
    expect((await script(text)).why).toMatch(why);
  });

  test('a program that is not there: where it was looked for', async () => {
    const { why } = await script('', { argv: ['no-such-program-4711'], env: { PATH: '/usr/bin:/bin' } });
    expect(why).toMatch(/could not be found; PATH is \/usr\/bin:\/bin, so write/);
  });

  test.skipIf(process.platform === 'win32')('a script without the executable bit', async () => {
    const folder = draw(emptyFolder(), { 'hook.sh': '#!/bin/sh\n' });
    expect((await script('', { argv: ['./hook.sh'], folder })).why).toMatch(/chmod \+x/);
  });
});

describe.skipIf(process.platform !== 'linux')('its end', () => {
  /** Starts a child of its own, says both numbers, and heeds no request to end. */
  const STUBBORN = `
    process.on('SIGTERM', () => {});
    const child = require('child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    console.log(process.pid + ' ' + child.pid);
    setInterval(() => {}, 1000);
  `;

  test('past its time limit it is stopped, with all that it started', async () => {
    const { why, lines } = await script(STUBBORN, { timeout: 700 });
    expect(why).toBe('took longer than 0.7 s and was stopped');
    const pids = lines.join(' ').split(' ').map(Number);
    expect(pids).toHaveLength(2);
    await until(() => !pids.some(lives), 'both are gone');
  });

  test('when the run is stopped, so is it', async () => {
    const controller = new AbortController();
    const pids: number[] = [];
    const { why } = await script(STUBBORN, {
      signal: controller.signal,
      output: (line) => {
        pids.push(...line.split(' ').map(Number));
        controller.abort();
      },
    });
    expect(why).toBe('was stopped with the run');
    await until(() => !pids.some(lives), 'both are gone');
  });

  test('what it leaves running on purpose does not hold the run up, and lives on', async () => {
    const { why, lines } = await script(`
      const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit', detached: true });
      child.unref();
      console.log(child.pid);
    `);
    expect(why).toBeUndefined();
    const pid = Number(lines[0]);
    expect(lives(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });

  test('a run that was stopped already starts nothing', async () => {
    const folder = emptyFolder();
    const { why } = await script(`require('fs').writeFileSync('ran', '')`, { folder, signal: AbortSignal.abort() });
    expect(why).toMatch(/was not run/);
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });
});
