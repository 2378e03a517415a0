/** What Tab offers: asked of ferry, and by the scripts in the shells themselves. */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { candidates } from '../../src/cli/completion/candidates.ts';
import { createProgram } from '../../src/cli/program.ts';
import { FERRY } from './harness.ts';

const run = promisify(execFile);

const program = createProgram({
  args: [],
  stdout: {
    line: () => {},
    bytes: async () => {},
    endLine: () => {},
    closed: new AbortController().signal,
    failure: undefined,
  },
  signal: new AbortController().signal,
  finish: () => {},
});
const names = async () => ({
  servers: ['web', 'wiki'],
  jobs: [
    { name: 'site', direction: 'push', backup: false },
    { name: 'nightly', direction: 'pull', backup: true },
  ],
});
const offered = async (...words: string[]) => (await candidates(program, words, names)).map(({ value }) => value);

describe('candidates', () => {
  test('verbs, none that is hidden', async () => {
    expect(await offered('pu')).toEqual(['push', 'pull', 'put']);
    expect(await offered('')).toEqual(expect.arrayContaining(['push', 'ls', 'completion', 'demo']));
    expect(await offered('__')).toEqual([]);
    expect(await offered('help', 'pu')).toEqual(['push', 'pull', 'put']);
    expect(await offered('--v')).toEqual(['--version']);
  });

  test('flags of a verb, and the words that a flag takes', async () => {
    expect(await offered('get', '--no-')).toEqual(['--no-clobber', '--no-progress']);
    expect(await offered('push', 'site', '--max-d')).toEqual(['--max-delete', '--max-duration']);
    expect(await offered('push', '--delete', '')).toEqual(['none', 'tracked', 'all']);
    expect(await offered('ls', '--color', 'a')).toEqual(['auto', 'always']);
    expect(await offered('ls', '--timeout', '')).toEqual([]);
  });

  test('jobs of the direction, servers, and places on them', async () => {
    expect(await offered('push', '')).toEqual(['site']);
    expect(await offered('pull', '-n', '')).toEqual(['nightly']);
    expect(await offered('verify', '')).toEqual(['site', 'nightly']);
    for (const verb of ['backup', 'snapshots', 'restore', 'prune'])
      expect(await offered(verb, ''), verb).toEqual(['nightly']);
    expect(await offered('restore', 'nightly', '')).toEqual([]);
    expect(await offered('check', 'w')).toEqual(['web', 'wiki']);
    expect(await offered('get', 'w')).toEqual(['web:', 'wiki:']);
    expect(await offered('rm', '-r', 'web:/x', 's')).toEqual(['site:']);
    expect(await offered('raw', 'wi')).toEqual(['wiki:']);
    expect(await offered('raw', 'web:', '')).toEqual([]);
    expect(await offered('completion', 'z')).toEqual(['zsh']);
    expect(await offered('nonsense', '')).toEqual([]);
  });
});

describe('in a shell', () => {
  let folder: string;
  beforeAll(() => {
    folder = prepared();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A `ferry` on the PATH, and a configuration beside it. */
  function prepared(): string {
    const made = mkdtempSync(join(tmpdir(), 'ferry-complete-'));
    mkdirSync(join(made, 'bin'));
    writeFileSync(join(made, 'bin/ferry'), `#!/bin/sh\nexec '${process.execPath}' '${FERRY}' "$@"\n`);
    chmodSync(join(made, 'bin/ferry'), 0o755);
    const server = { url: 'ftp://h' };
    const job = { direction: 'push', local: '.', server: 'web' };
    writeFileSync(join(made, 'sync.config.json'), JSON.stringify({ servers: { web: server }, jobs: { site: job } }));
    return made;
  }
  const inShell = async (shell: string, script: string) =>
    (
      await run(shell, shell === 'fish' ? ['--no-config', '-c', script] : ['-c', script], {
        cwd: folder,
        env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder },
      })
    ).stdout;
  const missing = (shell: string) => {
    if (spawnSync(shell, ['--version']).error === undefined) return false;
    console.warn(`left out: completion in ${shell} (it is not installed)`);
    return true;
  };

  test('bash, by sourcing the script and asking as Tab does', async () => {
    const tab = (line: string) => `
      COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMP_LINE="${line}"; COMP_POINT=\${#COMP_LINE}
      _ferry; echo "\${COMPREPLY[*]}"`;
    const script = `source <(ferry completion bash); complete -p ferry; ${tab('ferry pus')} ${tab('ferry push s')}
      ${tab('ferry cat we')} ${tab('ferry get --forc')} ${tab('ferry put nothing-like-it')}`;
    expect((await inShell('bash', script)).split('\n')).toEqual([
      'complete -o bashdefault -o default -F _ferry ferry',
      'push',
      'site',
      'web:',
      '--force',
      '',
      '',
    ]);
  });

  test.skipIf(missing('zsh'))('zsh takes the script', async () => {
    expect(
      await inShell('zsh', 'autoload -U compinit; compinit -u; source <(ferry completion zsh); echo $_comps[ferry]'),
    ).toBe('_ferry\n');
  });

  test.skipIf(missing('fish'))('fish, by asking what it would offer', async () => {
    expect(await inShell('fish', 'ferry completion fish | source; complete -C "ferry pus"')).toBe(
      'push\tmake a folder on a server like a local one\n',
    );
  });
});
