/** Everything in `examples`, and `action.yml`, does what it says: its own lines are run, against a server of ours. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/index.ts';
import { type Ended, FERRY, makeWorld, PASSWORD, until, type World } from '../cli/harness.ts';

vi.setConfig({ testTimeout: 90_000 });

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLES = join(ROOT, 'examples');
const example = (name: string) => readFileSync(join(EXAMPLES, name), 'utf8');

let world: World;
const children: ChildProcess[] = [];
beforeEach(async () => {
  world = await makeWorld();
  const script = async (name: string, text: string) => {
    await world.write({ [`bin/${name}`]: `#!/bin/sh\n${text}\n` });
    await chmod(at(`bin/${name}`), 0o755);
  };
  await script('ferry', `exec "${process.execPath}" "${FERRY}" "$@"`);
  // What a registry would hand out; the version must be the one of this package.
  await script('npx', `[ "$1 $2" = "--yes ftp-ferry@${version()}" ] || exit 99; shift 2; exec ferry "$@"`);
  await script('npm', 'echo "npm $*"');
  for (const folder of ['etc', 'lib', 'log']) await mkdir(at(folder));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await world.close();
});

const at = (name: string) => join(world.folder, name);
const version = () => (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;

/** An example as it stands, but for the places and the server that it is about. */
function here(text: string): string {
  return text
    .replaceAll('/etc/ferry', at('etc'))
    .replaceAll('/var/lib/ferry', at('lib'))
    .replaceAll('/var/log/ferry', at('log'))
    .replaceAll('/usr/local/bin', at('bin'))
    .replaceAll(/ftpes:\/\/\w+@ftp\.example\.com/g, `ftp://ann@127.0.0.1:${world.port}`);
}

function start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = '.') {
  const child = spawn(command, args, {
    cwd: at(cwd),
    env: { PATH: `${at('bin')}:/usr/bin:/bin`, FERRY_PASSWORD: PASSWORD, FERRY_STATE: at('lib'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

const run = (...args: Parameters<typeof start>): Promise<Ended> => start(...args).ended;

test('every configuration among them is right', () => {
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) expect(() => parseConfig(example(file), file)).not.toThrow();
});

describe('crontab', () => {
  /** As cron reads it: settings, and five fields before a command. */
  function entries(text: string) {
    const env: Record<string, string> = {};
    const commands: string[] = [];
    for (const line of text.split('\n').map((written) => written.trim())) {
      if (line === '' || line.startsWith('#')) continue;
      const setting = /^([A-Z_]+)\s*=\s*(.*)$/.exec(line);
      const entry = /^((?:[\d*/,-]+\s+){5})(.+)$/.exec(line);
      if (setting) env[setting[1]!] = setting[2]!;
      else if (entry) commands.push(entry[2]!);
      else throw new Error(`cron would not understand: ${line}`);
    }
    return { env, commands };
  }

  test('each line, as cron runs it', async () => {
    const { env, commands } = entries(here(example('crontab')));
    // cron takes it for a line break.
    expect(commands.filter((command) => command.includes('%'))).toEqual([]);
    expect(commands).toHaveLength(3);
    const server = { url: `ftp://ann@127.0.0.1:${world.port}`, password: { file: 'password' } };
    await world.write({
      'etc/password': PASSWORD,
      'data/a.txt': 'a',
      'etc/sync.config.json': JSON.stringify({
        servers: { web: server },
        jobs: {
          nightly: { direction: 'push', local: at('data'), server: 'web', remote: '/backup' },
          orders: { direction: 'pull', local: at('orders'), server: 'web', remote: '/backup' },
        },
      }),
    });
    for (const command of commands) {
      const ended = await run(env.SHELL!, ['-c', command], { ...env, FERRY_PASSWORD: '' }, '..');
      expect({ command, ...ended }).toEqual({ command, code: 0, stdout: '', stderr: '' });
    }
    expect(await world.files('orders')).toEqual({ 'a.txt': 'a' });
    expect(readFileSync(at('log/ferry.log'), 'utf8')).toMatch(/nightly: ended, exit 0.*orders: ended, exit 0/s);
  });
});

describe('systemd', () => {
  const units = readdirSync(join(EXAMPLES, 'systemd'));

  test('the units are such', async () => {
    expect(units.sort()).toEqual(['ferry-watch@.service', 'ferry@.service', 'ferry@.timer']);
    const known = spawnSync('systemd-analyze', ['--version']).status === 0;
    if (!known) return console.warn('left out: systemd-analyze verify, as there is no systemd here');
    // The user of the example is not one of this machine.
    for (const unit of units) {
      await world.write({ [`units/${unit}`]: here(example(`systemd/${unit}`)).replace('User=ferry', 'User=root') });
    }
    const names = units.map((unit) => unit.replace('@.', '@nightly.'));
    for (const [index, unit] of units.entries()) await copyFile(at(`units/${unit}`), at(`units/${names[index]}`));
    const { stderr, status } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', ...names.map((name) => at(`units/${name}`))],
      {
        encoding: 'utf8',
      },
    );
    const ours = stderr.split('\n').filter((line) => line.includes('ferry'));
    expect({ status, ours }).toEqual({ status: 0, ours: [] });
  });

  test('the watch ends in order when it is asked to, and reads its configuration again', async () => {
    const unit = here(example('systemd/ferry-watch@.service')).replaceAll('%i', 'site');
    await world.write({
      'etc/site/a.txt': 'a',
      'etc/sync.config.json': here(example('docker/sync.config.json').replace('"public"', '"site"')),
    });
    const [, line = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    const [program = '', ...args] = line.split(' ');
    const { child, ended } = start(program, args);
    await until(() => existsSync(join(world.serverFolder, 'htdocs/a.txt')), 'the first run is done');
    child.kill('SIGHUP');
    await world.write({ 'etc/site/b.txt': 'b' });
    await until(() => existsSync(join(world.serverFolder, 'htdocs/b.txt')), 'it goes on');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(Number(/^SuccessExitStatus=(\d+)$/m.exec(unit)?.[1]));
  });
});

test('logrotate', async () => {
  if (spawnSync('logrotate', ['--version']).error) {
    return console.warn('left out: logrotate -d, as there is no logrotate here');
  }
  await world.write({ 'log/ferry.log': 'a line\n', 'logrotate.conf': here(example('logrotate')) });
  await chmod(at('logrotate.conf'), 0o644);
  const { status, stderr } = spawnSync('logrotate', ['-d', '-s', at('state'), at('logrotate.conf')], {
    encoding: 'utf8',
  });
  expect(stderr).toMatch(/considering log .*ferry\.log/);
  expect(stderr).not.toMatch(/error/);
  expect(status).toBe(0);
});

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly 'working-directory'?: string;
}

describe('CI', () => {
  const action = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as {
    readonly inputs: Readonly<Record<string, { readonly default?: string; readonly description: string }>>;
    readonly runs: { readonly using: string; readonly steps: readonly Step[] };
  };

  /** Runs the composite action as GitHub's runner does, given what a workflow writes at `with`. */
  async function act(given: Readonly<Record<string, string>>): Promise<Ended> {
    for (const name of Object.keys(given)) expect(Object.keys(action.inputs)).toContain(name);
    const value = (written: string): string =>
      written.replaceAll(/\$\{\{ (inputs|secrets)\.([\w-]+) \}\}/g, (_, of: string, name: string) =>
        of === 'secrets' ? PASSWORD : value(String(given[name] ?? action.inputs[name]?.default ?? '')),
      );
    let ended: Ended = { code: 0, stdout: '', stderr: '' };
    for (const step of action.runs.steps) {
      expect(step.shell).toBe('bash');
      // An input that stood in the script could be a script of its own.
      expect(step.run).not.toContain('${{');
      await world.write({ 'step.sh': step.run! });
      const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, text]) => [name, value(text)]));
      // A fresh machine each time: nothing local is remembered.
      const fresh = { FERRY_STATE: at(`fresh-${Math.random()}`) };
      const github = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: at('summary.md') };
      const script = ['--noprofile', '--norc', '-e', '-o', 'pipefail', at('step.sh')];
      ended = await run('bash', script, { ...env, ...fresh, ...github }, value(step['working-directory'] ?? '.'));
      if (ended.code !== 0) return ended;
    }
    return ended;
  }

  async function checkout(): Promise<void> {
    await world.write({
      'sync.config.json': here(example('ci/sync.config.json')),
      'public/index.html': 'hello',
      'public/app.js': 'x',
      'public/app.js.map': 'map',
    });
  }

  test('the action is one', () => {
    expect(action.runs.using).toBe('composite');
    expect(action.inputs.version?.default).toBe(version());
    for (const { description } of Object.values(action.inputs)) expect(description).toMatch(/\.$/);
  });

  test('the GitHub workflow: a plan on a pull request, a deploy on main, and nothing to send the second time', async () => {
    await checkout();
    const workflow = parse(example('ci/github-deploy.yml')) as {
      readonly jobs: { readonly deploy: { readonly steps: Step[] } };
    };
    const [plan, deploy, ...more] = workflow.jobs.deploy.steps.filter(({ uses }) => uses?.includes('ftp-ferry'));
    expect(more).toEqual([]);
    for (const step of [plan, deploy]) expect(step?.uses).toMatch(new RegExp(`@v${version().replaceAll('.', '\\.')}$`));

    const planned = await act(plan!.with!);
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringMatching(/\+ index\.html/) });
    expect(await world.files('server:')).toEqual({});
    expect(await act(deploy!.with!)).toMatchObject({ code: 0, stderr: expect.stringMatching(/2 uploaded/) });
    expect(
      Object.keys(await world.files('server:htdocs'))
        .filter((name) => !/(^|\/)\./.test(name))
        .sort(),
    ).toEqual(['app.js', 'index.html']);
    expect(readFileSync(at('summary.md'), 'utf8')).toMatch(/- upload <code>index\.html<\/code>/);
    await checkout();
    expect(await act(deploy!.with!)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/0 uploaded, 2 unchanged/),
    });
  });

  test('a folder and a URL; inputs are words and no script', async () => {
    await checkout();
    const odd = '$(touch pwned) `touch pwned`; touch pwned';
    const ended = await act({
      source: 'public',
      destination: here('ftpes://deploy@ftp.example.com/elsewhere'),
      password: PASSWORD,
      arguments: `--exclude\n${odd}\n--exclude\n*.map`,
    });
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/2 uploaded/) });
    expect(existsSync(at('pwned'))).toBe(false);
    expect(await act({ job: 'sight', password: PASSWORD })).toMatchObject({ code: 2 });
  });

  test('the GitLab jobs', async () => {
    await checkout();
    type Job = {
      readonly artifacts?: { readonly paths: string[] };
      readonly extends?: string;
      readonly before_script?: string[];
      readonly script?: string[];
    };
    const jobs = parse(example('ci/gitlab-ci.yml')) as Readonly<Record<string, Job>>;
    const runJob = (name: string) => {
      const job = { ...jobs[jobs[name]?.extends ?? ''], ...jobs[name] };
      return run('bash', ['-eo', 'pipefail', '-c', [...(job.before_script ?? []), ...(job.script ?? [])].join('\n')]);
    };
    const plan = await runJob('plan');
    expect(plan).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^npm ci\nnpm run build\n.*\+ index\.html/s),
    });
    expect(await runJob('deploy')).toMatchObject({ code: 0, stderr: expect.stringMatching(/2 uploaded/) });
    for (const path of jobs.deploy?.artifacts?.paths ?? ['nothing is kept']) {
      expect(readFileSync(at(path), 'utf8')).toMatch(/- upload <code>index\.html<\/code>/);
    }
  });
});

describe('docker', () => {
  /** Instructions in order; a backslash goes on in the next line. */
  const instructions = example('docker/Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n/g, '')
    .split('\n')
    .filter(Boolean)
    .map((line) => /^([A-Z]+)\s+(.*)$/.exec(line)!.slice(1) as [name: string, rest: string]);
  const one = (name: string) => instructions.find(([is]) => is === name)?.[1] ?? '';

  test('what it copies is there, what it installs is this version', () => {
    const copied = instructions
      .filter(([name]) => name === 'COPY')
      .map(([, rest]) => rest.split(' ').filter((word) => !word.startsWith('--')));
    expect(copied.length).toBeGreaterThan(0);
    for (const [from = ''] of copied) expect(existsSync(join(EXAMPLES, 'docker', from))).toBe(true);
    expect(one('RUN')).toContain(`ftp-ferry@${version()}`);
    expect(instructions[0]?.[0]).toBe('FROM');
    for (const line of one('RUN').split('&&')) expect(spawnSync('sh', ['-nc', line]).status).toBe(0);
  });

  test('its entry point clears what a killed container left, watches, and ends when it is asked to', async () => {
    const [entrypoint = ''] = JSON.parse(one('ENTRYPOINT')) as string[];
    const args = JSON.parse(one('CMD')) as string[];
    const health = JSON.parse(one('HEALTHCHECK').replace(/^.*CMD /, '')) as string[];
    await copyFile(join(EXAMPLES, 'docker', entrypoint), at(`bin/${entrypoint}`));
    await world.write({
      'data/sync.config.json': here(example('docker/sync.config.json')),
      'data/public/a.txt': 'a',
    });
    // A run in another container, of which nobody here can tell whether it lives.
    const first = start('ferry', ['push', 'site', '-q'], {}, 'data');
    await first.ended;
    const [folder = ''] = readdirSync(at('lib'));
    const owner = {
      job: 'site',
      pid: 1,
      started: null,
      host: 'gone',
      boot: 'another',
      space: null,
      since: '2026-01-02',
    };
    await writeFile(join(at('lib'), folder, 'lock'), JSON.stringify({ id: 'planted', owner }));
    expect((await run('ferry', ['push', 'site', '-q'], {}, 'data')).code).toBe(6);

    await world.write({ 'data/public/b.txt': 'b' });
    const { child, ended } = start(entrypoint, args, {}, 'data');
    await until(() => existsSync(join(world.serverFolder, 'htdocs/b.txt')), 'the first run is done');
    expect(await run(health[0]!, health.slice(1), {}, 'data')).toEqual({ code: 0, stdout: '', stderr: '' });
    child.kill(one('STOPSIGNAL') as NodeJS.Signals);
    expect((await ended).code).toBe(143);
    expect(dirname(entrypoint)).toBe('.');
  });
});

test('the hot folder: what is scanned arrives once it stands still, and trouble is told', async () => {
  const folder = join(EXAMPLES, 'hot-folder');
  await world.write({
    'hot/sync.config.json': here(readFileSync(join(folder, 'sync.config.json'), 'utf8')),
    'hot/scans/notes.txt': 'not a scan',
  });
  await copyFile(join(folder, 'tell-someone'), at('hot/tell-someone'));
  await world.write({ 'hot/scans/one.pdf': 'one' });
  const wrong = await run('ferry', ['push', 'scans', '-q'], { FERRY_PASSWORD: 'wrong' }, 'hot');
  expect(wrong.code).toBe(5);
  expect(readFileSync(at('hot/trouble.log'), 'utf8')).toMatch(/^\d{4}-.*Z scans: exit 5: .*login/);

  const { child, ended } = start('ferry', ['watch', 'scans', '-q', '--settle', '100ms'], {}, 'hot');
  await world.write({ 'hot/scans/two.tif': 'two' });
  await until(
    async () => Object.keys(await world.files('hot/scans/sent').catch(() => ({}))).length === 2,
    'both were sent',
  );
  child.kill('SIGTERM');
  expect((await ended).code).toBe(143);
  expect(await world.files('server:inbox')).toEqual({ 'one.pdf': 'one', 'two.tif': 'two' });
  expect(await world.files('hot/scans')).toEqual({
    'notes.txt': 'not a scan',
    'sent/one.pdf': 'one',
    'sent/two.tif': 'two',
  });
});
