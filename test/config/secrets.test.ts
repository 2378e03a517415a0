import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type Surroundings, secretsMask } from '../../src/config/index.ts';
import type { PasswordText } from '../../src/config/schema.ts';
import { lazyPassword } from '../../src/config/secrets.ts';
import { ConfigError } from '../../src/model/index.ts';
import { type TestFolder, testFolder } from './folder.ts';

function passwordOf(folder: TestFolder, given?: PasswordText, more: Partial<Surroundings> = {}, user = 'me') {
  const surroundings = folder.surroundings(more);
  const place = 'servers.web.password in sync.config.json';
  return lazyPassword({ user, host: 'h', given, place, folder: folder.path, surroundings });
}

const print = (text: string) => ({
  command: [process.execPath, '-e', `process.stdout.write(${JSON.stringify(text)})`],
});

describe('a password comes from', () => {
  test('the text itself', async () => expect(await passwordOf(testFolder(), 'abc')()).toBe('abc'));

  test('an environment variable', async () =>
    expect(await passwordOf(testFolder(), { env: 'X' }, { env: { X: 'abc\t' } })()).toBe('abc\t'));

  test.each([
    ['abc\n', 'abc'],
    ['abc\r\n', 'abc'],
    ['abc', 'abc'],
    [' abc ', ' abc '],
  ])('a file: %j is %j', async (content, password) => {
    const folder = testFolder();
    folder.write('secret', content);
    expect(await passwordOf(folder, { file: 'secret' })()).toBe(password);
  });

  test('a file at home', async () => {
    const folder = testFolder();
    folder.write('home/secret', 'abc\n');
    expect(await passwordOf(folder, { file: '~/secret' })()).toBe('abc');
  });

  test('a command, run without a shell', async () => {
    expect(await passwordOf(testFolder(), print('a $HOME `b`\n'))()).toBe('a $HOME `b`');
  });

  test('FERRY_PASSWORD where nothing is given', async () =>
    expect(await passwordOf(testFolder(), undefined, { env: { FERRY_PASSWORD: 'abc' } })()).toBe('abc'));

  test('~/.netrc after that, and $NETRC instead of it', async () => {
    const folder = testFolder();
    folder.write('home/.netrc', 'machine h login me password home');
    expect(await passwordOf(folder)()).toBe('home');
    const NETRC = folder.write('mine', 'machine h login me password mine');
    expect(await passwordOf(folder, undefined, { env: { NETRC } })()).toBe('mine');
    expect(await passwordOf(folder, undefined, { env: { NETRC, FERRY_PASSWORD: 'abc' } })()).toBe('abc');
  });

  test('a person, at last', async () => {
    const ask = vi.fn(async () => 'abc');
    expect(await passwordOf(testFolder(), undefined, { ask })()).toBe('abc');
    expect(ask).toHaveBeenCalledWith('Password for me@h: ');
  });

  test('nowhere for anonymous: neither FERRY_PASSWORD nor a person is asked', async () => {
    const ask = vi.fn(async () => 'abc');
    expect(await passwordOf(testFolder(), undefined, { ask, env: { FERRY_PASSWORD: 'x' } }, 'anonymous')()).toBe(
      'anonymous@',
    );
    expect(ask).not.toHaveBeenCalled();
  });
});

test('what the configuration gives comes first', async () =>
  expect(await passwordOf(testFolder(), { env: 'X' }, { env: { X: 'abc', FERRY_PASSWORD: 'x' } })()).toBe('abc'));

test('a source is asked at the first use, and once', async () => {
  const ask = vi.fn(async () => 'abc');
  const password = passwordOf(testFolder(), undefined, { ask });
  expect(ask).not.toHaveBeenCalled();
  await Promise.all([password(), password()]);
  await password();
  expect(ask).toHaveBeenCalledTimes(1);
});

test.each<[string, PasswordText | undefined, string]>([
  ['the text itself', 'masked-text', 'masked-text'],
  ['a variable', { env: 'X' }, 'masked-variable'],
  ['a command', print('masked-command'), 'masked-command'],
  ['FERRY_PASSWORD', undefined, 'masked-ferry'],
])('from then on it is masked: %s', async (_, given, secret) => {
  await passwordOf(testFolder(), given, { env: { X: 'masked-variable', FERRY_PASSWORD: 'masked-ferry' } })();
  expect(secretsMask().mask(`it is ${secret}`)).toBe('it is ***');
});

describe('a message says which source failed and what to do', () => {
  test('no source at all', async () => {
    const none = passwordOf(testFolder())();
    await expect(none).rejects.toThrow(ConfigError);
    await expect(none).rejects.toThrow(
      'there is no password for me@h: set FERRY_PASSWORD, or write { "env": "NAME" }, { "file": "PATH" } or ' +
        '{ "command": ["PROGRAM"] } at servers.web.password in sync.config.json, or a line for h in ~/.netrc',
    );
  });

  test.each<[string, PasswordText | undefined, Record<string, string>, string]>([
    [
      'a variable that is not set',
      { env: 'X' },
      {},
      'the environment variable X, named at servers.web.password in sync.config.json, is not set',
    ],
    ['a variable that is empty', { env: 'X' }, { X: '' }, 'is empty'],
    [
      'a file that is not there',
      { file: 'none' },
      {},
      'none, named at servers.web.password in sync.config.json, could not be read: nothing is there (ENOENT)',
    ],
    [
      'a program that is not there',
      { command: ['/no/such'] },
      {},
      'the password command /no/such at servers.web.password in sync.config.json could not be run: there is no such program (ENOENT)',
    ],
    [
      'a program that fails',
      { command: [process.execPath, '-e', 'console.error("locked\\nmore"); process.exit(3)'] },
      {},
      'ended with 3: locked',
    ],
    [
      'a program that prints nothing',
      print(''),
      {},
      'the password from servers.web.password in sync.config.json is empty',
    ],
    ['two lines', print('a\nb\n'), {}, 'contains a line break'],
    [
      'a line break in FERRY_PASSWORD',
      undefined,
      { FERRY_PASSWORD: 'a\r\nDELE x' },
      'the password from FERRY_PASSWORD contains a line break',
    ],
    ['a netrc that cannot be read', undefined, { NETRC: '/' }, '/ could not be read: it is a directory (EISDIR)'],
  ])('%s', async (_, given, env, message) => {
    const password = passwordOf(testFolder(), given, { env })();
    await expect(password).rejects.toThrow(ConfigError);
    await expect(password).rejects.toThrow(message);
  });

  test('the arguments of a command are not shown', async () => {
    const error = await passwordOf(testFolder(), {
      command: [process.execPath, '-e', 'process.exit(1)', 'hunter2'],
    })().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigError);
    expect(`${(error as Error).stack}${String((error as Error).cause)}`).not.toContain('hunter2');
  });

  test('a file that holds a password is named by its path', async () => {
    const folder = testFolder();
    await expect(passwordOf(folder, { file: 'x' })()).rejects.toThrow(join(folder.path, 'x'));
  });
});
