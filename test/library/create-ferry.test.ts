/** The library's front door, as a program uses it: results, events, errors by their class, and an AbortSignal. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest';
import {
  ConfigError,
  createFerry,
  type EventOf,
  exitCodeOf,
  type Ferry,
  type FerryOptions,
  GuardError,
  InterruptedError,
  LockError,
  LoginError,
  type Plan,
  type RunEvent,
  Running,
  StaleError,
  type Summary,
  UsageError,
  type Verification,
} from '../../src/index.ts';
import { draw, emptyFolder, read } from '../builders/folder.ts';
import { type AnyServer, start } from '../servers/every-server.ts';

const SITE = { 'index.html': 'hello', 'css/site.css': 'body {}', 'app.js.map': 'map' };

interface Bench {
  readonly server: AnyServer;
  readonly local: string;
  readonly site: string;
  readonly options: FerryOptions & { readonly source: string };
  readonly ferry: Ferry;
}

async function bench(changes: object = {}): Promise<Bench> {
  const server = await start({ name: 'ours', tls: 'none' });
  onTestFinished(() => server.stop());
  mkdirSync(join(server.root, 'site'));
  const local = draw(emptyFolder(), SITE);
  const options = {
    source: local,
    destination: `ftp://${server.user}@${server.host}:${server.port}/site`,
    password: server.password,
    stateFolder: emptyFolder(),
    overrides: { exclude: ['*.map'], retries: 0 },
    ...changes,
  };
  return { server, local, site: join(server.root, 'site'), options, ferry: createFerry(options) };
}

/** What a promise is rejected with. */
const failure = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );

describe('what comes of it', () => {
  test('a plan, a run, a comparison', async () => {
    const { ferry, site, local } = await bench();
    const plan = await ferry.plan();
    expect(plan.actions.map(({ action, path }) => `${action} ${path}`).sort()).toEqual([
      'mkdir css',
      'upload css/site.css',
      'upload index.html',
    ]);
    expect(read(site)).toEqual({});
    expect(await ferry.run({ dryRun: true })).toMatchObject({ exitCode: 0, uploaded: 0 });
    expect(await ferry.run()).toMatchObject({ exitCode: 0, uploaded: 2 });
    expect(read(site)).toEqual({ 'index.html': 'hello', 'css/site.css': 'body {}' });
    expect(await ferry.verify()).toMatchObject({ agreed: true, differences: { actions: [] } });
    writeFileSync(join(local, 'index.html'), 'HELLO');
    expect(await ferry.verify()).toMatchObject({ agreed: false, differences: { actions: [{ path: 'index.html' }] } });
    expect(await ferry.check()).toMatchObject({ capabilities: { mlsd: true }, root: { entries: expect.anything() } });
  });

  test('a job of a configuration that is an object, or a file', async () => {
    const { server, options } = await bench();
    const config = {
      servers: { web: { url: `ftp://${server.user}@${server.host}:${server.port}`, password: server.password } },
      jobs: { site: { direction: 'push', local: options.source, server: 'web', remote: '/site' } },
    } as const;
    const { stateFolder } = options as { stateFolder: string };
    expect(await createFerry({ config, stateFolder }).run()).toMatchObject({ job: 'site', uploaded: 3 });
    const file = join(emptyFolder(), 'sync.config.json');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    expect(await createFerry({ config: file, job: 'site', stateFolder }).run()).toMatchObject({ unchanged: 3 });
  });

  test('a plan that is kept, and carried out later or refused', async () => {
    const { ferry, site } = await bench();
    const plan = JSON.parse(JSON.stringify(await ferry.plan())) as Plan;
    expect(await ferry.apply(plan)).toMatchObject({ exitCode: 0, uploaded: 2 });
    expect(await failure(ferry.apply(plan))).toBeInstanceOf(StaleError);
    expect(Object.keys(read(site))).toHaveLength(2);
  });
});

describe('events', () => {
  test('one after another, from the first to the last', async () => {
    const { ferry } = await bench();
    const running = ferry.run();
    const types: string[] = [];
    const done: string[] = [];
    for await (const event of running) {
      types.push(event.type);
      expect(event.time).toMatch(/^\d{4}-.*Z$/);
      if (event.type === 'action' && event.status === 'done') done.push(event.path);
    }
    expect([types[0], types.at(-1)]).toEqual(['start', 'summary']);
    expect(done.sort()).toEqual(['css', 'css/site.css', 'index.html']);
    expect(await running).toMatchObject({ uploaded: 2 });
  });

  test('by kind, until they are not wanted any more', async () => {
    const { ferry, local } = await bench();
    const paths: string[] = [];
    const stop = ferry.on('action', ({ path, status }) => {
      if (status === 'done') paths.push(path);
    });
    await ferry.run();
    expect(paths).toHaveLength(3);
    stop();
    writeFileSync(join(local, 'new.txt'), 'new');
    await ferry.run();
    expect(paths).toHaveLength(3);
  });

  test('a loop that is left early does not stop the run, and one over a run that fails fails', async () => {
    const { ferry, options } = await bench();
    const running = ferry.run();
    for await (const _ of running) break;
    expect(await running).toMatchObject({ uploaded: 2 });
    const wrong = createFerry({ ...options, password: () => 'wrong' });
    const seen: string[] = [];
    const loop = async () => {
      for await (const event of wrong.run()) seen.push(event.type);
    };
    expect(await failure(loop())).toBeInstanceOf(LoginError);
    expect(seen).toEqual(['start', 'summary']);
  });
});

describe('what keeps it from being done', () => {
  test('is an error of its own class, with the exit code of the command line', async () => {
    const { ferry, options, local } = await bench();
    const wrong = await failure(createFerry({ ...options, password: 'wrong' }).run());
    expect(wrong).toBeInstanceOf(LoginError);
    expect(exitCodeOf(wrong)).toBe(5);
    expect(await failure(createFerry({ config: '/nowhere/sync.config.json' }).plan())).toBeInstanceOf(ConfigError);
    const odd = { jobs: { site: { direction: 'up', local: '.', server: 'ftp://x' } } } as never;
    expect(await failure(createFerry({ config: odd }).run())).toMatchObject({
      code: 'config',
      message: expect.stringMatching(/the configuration has 1 mistake:\n {2}jobs\.site\.direction/),
    });
    const jobs = {
      a: { direction: 'push', local: '.', server: 'ftp://x' },
      b: { direction: 'push', local: '.', server: 'ftp://x' },
    };
    expect(await failure(createFerry({ config: { jobs } as never }).settings())).toBeInstanceOf(UsageError);
    rmSync(local, { recursive: true });
    const refused = await failure(ferry.run());
    expect(refused).toBeInstanceOf(GuardError);
    expect(exitCodeOf(refused)).toBe(4);
  });

  test('another run of the same job', async () => {
    const { ferry } = await bench();
    const errors: unknown[] = [];
    await Promise.all([ferry.run(), ferry.run(), ferry.run()].map((run) => run.catch((error) => errors.push(error))));
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(error).toBeInstanceOf(LockError);
    expect(await ferry.run()).toMatchObject({ exitCode: 0, unchanged: 2 });
  });

  test('an AbortSignal: in the middle, and before it began; the next run goes on', async () => {
    const { local, options, site } = await bench();
    const content = 'x'.repeat(6_000_000);
    writeFileSync(join(local, 'big.bin'), content);
    const slow = createFerry({ ...options, overrides: { limitRate: 2_000_000 } } as FerryOptions);
    const controller = new AbortController();
    slow.on('progress', ({ bytes }) => bytes > 2_000_000 && controller.abort(new Error('the user went home')));
    const error = await failure(slow.run({ signal: controller.signal }));
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error).toMatchObject({ signal: 'abort', cause: { message: 'the user went home' } });
    expect(Object.keys(read(site))).not.toContain('big.bin');
    expect(await failure(slow.run({ signal: AbortSignal.abort() }))).toBeInstanceOf(InterruptedError);

    const ferry = createFerry(options);
    let resumedFrom = 0;
    ferry.on('action', (event) => (resumedFrom = Math.max(resumedFrom, event.resumedFrom ?? 0)));
    expect(await ferry.run()).toMatchObject({ exitCode: 0 });
    expect(resumedFrom).toBeGreaterThan(1_000_000);
    expect(read(site)['big.bin'] === content).toBe(true);
  });
});

test('a watch, until it is told to stop', async () => {
  const { ferry, site, local } = await bench({ overrides: { watch: { settle: 50 } } });
  const controller = new AbortController();
  const running = ferry.watch({ signal: controller.signal });
  for await (const event of running) {
    if (event.type !== 'action' || event.status !== 'done') continue;
    if (event.path === 'index.html') writeFileSync(join(local, 'late.txt'), 'late');
    if (event.path === 'late.txt') controller.abort();
  }
  expect(await running).toMatchObject({ exitCode: 130, uploaded: 4 });
  expect(read(site)).toEqual({ ...SITE, 'late.txt': 'late' });
});

test('the types, end to end', () => {
  expectTypeOf<Awaited<ReturnType<Ferry['run']>>>().toEqualTypeOf<Summary>();
  expectTypeOf<Awaited<ReturnType<Ferry['plan']>>>().toEqualTypeOf<Plan>();
  expectTypeOf<Awaited<ReturnType<Ferry['verify']>>>().toEqualTypeOf<Verification>();
  expectTypeOf<EventOf<'problem'>['path']>().toExtend<string>();
  expectTypeOf<EventOf<'summary'>>().toExtend<Summary>();
  const never = (ferry: Ferry) => {
    ferry.on('action', (event) =>
      expectTypeOf(event.status).toEqualTypeOf<'started' | 'done' | 'failed' | 'skipped'>(),
    );
    // @ts-expect-error: there is no such event.
    ferry.on('actions', () => {});
    // @ts-expect-error: a warning has no path.
    ferry.on('warning', ({ path }) => path);
    // @ts-expect-error: a signal is no controller.
    void ferry.run({ signal: new AbortController() });
    // @ts-expect-error: one side only.
    createFerry({ source: './public' });
    // @ts-expect-error: a rule that does not exist.
    createFerry({ source: './public', destination: 'ftp://x', overrides: { delete: 'some' } });
    // @ts-expect-error: a direction that does not exist.
    createFerry({ config: { jobs: { site: { direction: 'up', local: '.', server: 'web' } } } });
    expectTypeOf(ferry.run()).toEqualTypeOf<Running<Summary>>();
    expectTypeOf(ferry.run()).toExtend<AsyncIterable<RunEvent>>();
  };
  expect(never).toBeTypeOf('function');
  expect(Running).toBeTypeOf('function');
});
