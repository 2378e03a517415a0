/** What is said of a wrong command line or configuration: exit code 2, and the nearest right one. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { makeWorld, type World } from './harness.ts';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await world.write({
    'site/index.html': 'hello',
    'good.json': JSON.stringify({
      servers: { web: { url: `ftp://ann@127.0.0.1:${world.port}` } },
      jobs: {
        site: { direction: 'push', local: 'site', server: 'web', remote: '/www' },
        nightly: { direction: 'pull', local: 'copy', server: 'web', remote: '/www' },
      },
    }),
    'unknown-key.json': JSON.stringify({
      jobs: { site: { direction: 'push', local: 'site', server: 'ftp://h/x', exlude: ['*.map'] } },
    }),
    'wrong-type.json': JSON.stringify({
      jobs: { site: { direction: 'push', local: 'site', server: 'ftp://h/x', retries: 'many' } },
    }),
  });
});
afterAll(() => world.close());

const URL = 'ftp://ann@127.0.0.1:1/www';

describe('a wrong command line ends with 2 and a way on', () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown verb', ['psuh', 'site', URL], /unknown verb 'psuh'; did you mean push\?/],
    ['an unknown flag', ['push', 'site', URL, '--exlude', 'x'], /unknown option '--exlude'; did you mean --exclude\?/],
    ['a verb like no other', ['frobnicate'], /unknown verb 'frobnicate'; --help lists them/],
    ['a flag like no other', ['push', '--frobnicate'], /unknown option '--frobnicate'; --help lists them/],
    ['an unknown flag with a value', ['push', 'site', URL, '--max-deletes=5'], /did you mean --max-delete\?/],
    ['a flag without its value', ['push', 'site', URL, '--exclude'], /--exclude <pattern>/],
    [
      'an unknown rule',
      ['push', 'site', URL, '--delete', 'al'],
      /--delete: "al" is not one of none, .*; did you mean all\?/,
    ],
    ['no number', ['push', 'site', URL, '--connections', 'four'], /--connections: "four" is not a whole number/],
    ['no duration', ['push', 'site', URL, '--timeout', '5 parsecs'], /--timeout: "5 parsecs" is not a duration/],
    ['no amount', ['push', 'site', URL, '--limit-rate', 'fast'], /--limit-rate: "fast" is not a number of bytes/],
    ['no limit', ['push', 'site', URL, '--max-delete', '200%'], /--max-delete: "200%"/],
    ['three places', ['push', 'a', 'b', 'c'], /too many arguments.*; usage: ferry push \[job \| source destination\]/],
    ['a folder and a URL for a job', ['rollback', 'site', URL], /too many arguments.*; usage: ferry rollback \[job\]/],
    ['a plan that is not named', ['apply'], /missing required argument 'file'; usage: ferry apply <file>/],
    ['no time', ['push', 'site', URL, '--timeout', '0'], /--timeout: "0" is not a duration above 0/],
    [
      'no rate',
      ['push', 'site', URL, '--limit-rate', '0'],
      /--limit-rate: "0" is not a number of bytes above 0.*, or none/,
    ],
    [
      'a log in no folder',
      ['push', 'site', URL, '--log', 'none/x.log'],
      /cannot be written: its folder does not exist/,
    ],
    ['a log that is a folder', ['push', 'site', URL, '--log', 'site'], /cannot be written: it is a directory/],
    ['help for an unknown verb', ['help', 'psuh'], /unknown verb 'psuh'; did you mean push\?/],
    ['the wrong direction', ['pull', 'site', URL], /ferry pull copies from a server.*ferry push site ftp:\/\//],
    ['two URLs', ['push', URL, URL], /both are URLs/],
    ['two folders', ['push', 'a', 'b'], /neither a nor b is a URL/],
    ['one folder', ['push', './site'], /name the other one too: ferry push \.\/folder/],
    ['one URL', ['pull', URL], /name the other one too: ferry pull ftpes:\/\//],
    ['another protocol', ['push', 'site', 'sftp://h/x'], /SFTP is part of SSH/],
    ['no configuration', ['push'], /no sync\.config\.json here or above/],
    ['no such job', ['push', 'website', '-c', 'good.json'], /no job website/],
    ['a job that was misspelt', ['push', 'siet', '-c', 'good.json'], /did you mean site\?/],
    ['a job of the other direction', ['pull', 'site', '-c', 'good.json'], /run: ferry push site/],
    ['a configuration that is not there', ['push', 'site', '-c', 'nowhere.json'], /nowhere\.json does not exist/],
    ['an unknown key', ['push', 'site', '-c', 'unknown-key.json'], /exlude.*unknown key; did you mean exclude\?/],
    ['a wrong type', ['push', 'site', '-c', 'wrong-type.json'], /jobs\.site\.retries.*found "many", wanted a whole/],
    ['a plan that is none', ['apply', 'good.json'], /is not a plan/],
    [
      'a plan that is not there',
      ['apply', 'nowhere.plan'],
      /nowhere\.plan does not exist; "ferry plan -o FILE" makes one/,
    ],
    [
      'what was decided with a plan',
      ['apply', 'good.json', '--delete', 'none'],
      /^ferry: --delete is for making a plan/m,
    ],
    ['init without answers', ['init'], /--yes/],
    ['a server that nobody knows', ['check', 'wbe', '-c', 'good.json'], /did you mean web\?/],
    ['a listing outside', ['ls', 'web', '/a/../b', '-c', 'good.json'], /\.\. is no name here/],
  ];
  test.each(cases)('%s', async (_what, args, message) => {
    const { code, stdout, stderr } = await world.ferry(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^ferry: /);
    expect(stderr).not.toMatch(/this is a bug|\n\s+at /);
  });

  test('no verb at all shows the help', async () => {
    const { code, stdout, stderr } = await world.ferry();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/Usage: ferry <verb>/);
  });
});

describe('help and version', () => {
  test('every help fits a terminal of 80 columns', async () => {
    const nothing = new AbortController().signal;
    const stdout = { line() {}, async bytes() {}, endLine() {}, closed: nothing, failure: undefined };
    const { commands } = createProgram({ args: [], stdout, signal: nothing, finish: () => {} });
    const help = await world.ferry('--help');
    expect(help.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const verbs = [...help.stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, verb]) => verb!);
    expect(verbs).toEqual(expect.arrayContaining(['push', 'pull', 'sync', 'plan', 'apply', 'verify', 'check', 'ls']));
    expect(commands.map((verb) => verb.name())).toEqual(expect.arrayContaining(verbs));
    for (const verb of commands) {
      let text = '';
      verb.configureOutput({ writeOut: (more) => void (text += more), getOutHelpWidth: () => 80 }).outputHelp();
      expect(text).toContain(`Usage: ferry ${verb.name()}`);
      expect(
        text.split('\n').filter((line) => line.length > 80),
        verb.name(),
      ).toEqual([]);
    }
  });

  test('help says the same as --help', async () => {
    expect(await world.ferry('help')).toEqual(await world.ferry('--help'));
    const ofVerb = await world.ferry('help', 'push');
    expect(ofVerb).toEqual(await world.ferry('push', '--help'));
    expect(ofVerb).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: ferry push') });
  });

  test('the version is that of the package', async () => {
    const { code, stdout } = await world.ferry('--version');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('init', () => {
  test('writes a configuration that works, and never a second time', async () => {
    const args = ['--yes', '--url', `ftp://ann:${encodeURIComponent('S3cret/pass word%')}@127.0.0.1:${world.port}/www`];
    const first = await world.ferry('init', ...args, '--local', 'site', '-c', 'made.json');
    expect(first).toMatchObject({ code: 0, stdout: '' });
    const { 'made.json': text } = await world.files('.');
    expect(JSON.parse(text!)).toMatchObject({
      servers: { web: { url: `ftp://ann@127.0.0.1:${world.port}`, password: { env: 'FTP_PASSWORD' } } },
      jobs: { site: { direction: 'push', local: 'site', server: 'web', remote: '/www' } },
    });
    expect(
      await world.ferryWith({ FTP_PASSWORD: 'S3cret/pass word%' }, 'push', 'site', '-c', 'made.json'),
    ).toMatchObject({
      code: 0,
    });
    const second = await world.ferry('init', ...args, '--local', 'other', '-c', 'made.json');
    expect(second.code).toBe(2);

    expect(second.stderr).toMatch(/exists already and is left as it is/);
    expect((await world.files('.'))['made.json']).toBe(text);
  });

  test('the local folder is where it was typed, wherever the file is', async () => {
    await world.write({ 'etc/readme.txt': '' });
    const url = `ftp://ann@127.0.0.1:${world.port}/www`;
    const args = ['--yes', '--url', url, '--local', 'site', '-c', 'etc/sync.config.json'];
    expect(await world.ferry('init', ...args)).toMatchObject({ code: 0 });
    const { 'etc/sync.config.json': text } = await world.files('.');
    expect(JSON.parse(text!)).toMatchObject({ jobs: { site: { local: '../site' } } });
  });

  test('what comes next finds the file that was written', async () => {
    const args = ['--yes', '--url', `ftp://ann@127.0.0.1:${world.port}/www`, '--local', 'site'];
    const elsewhere = await world.ferry('init', ...args, '-c', 'other.json');
    expect(elsewhere.stderr).toMatch(/ferry plan site -c other\.json\n {2}ferry push site -c other\.json\n/);
    const here = await world.ferry('init', ...args);
    expect(here.stderr).toMatch(/ferry plan site\n {2}ferry push site\n/);
    await rm(join(world.folder, 'sync.config.json'));
  });
});

describe('-c beside a folder and a URL', () => {
  test('is said to be of no use', async () => {
    const url = `ftp://ann@127.0.0.1:${world.port}/www`;
    const { code, stderr } = await world.ferry('push', 'site', url, '-c', 'good.json');
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: good\.json is not read: a folder and a URL take nothing from a configuration/);
  });
});
