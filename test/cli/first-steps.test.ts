/** The mistakes that everybody makes: what is said names the thing, the place and the way out. */
import { chmod } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeWorld, PASSWORD, type World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld({
    rights: true,
    users: [
      { name: 'ann', password: PASSWORD },
      { name: 'reader', password: PASSWORD, permissions: 'elr' },
    ],
  });
  await world.write({ 'site/a.txt': 'a' });
});
afterEach(() => world.close());

const at = (path: string, user = 'ann') => `ftp://${user}@127.0.0.1:${world.port}${path}`;

describe('a mistake is named, with its place and the way out', () => {
  test('a wrong password', async () => {
    const { code, stderr } = await world.ferryWith({ FERRY_PASSWORD: 'wrong' }, 'push', 'site', at('/www'));
    expect(code).toBe(5);
    expect(stderr).toMatch(/127\.0\.0\.1:\d+ does not accept the login of ann \(530 .*\); check user and password/);
  });

  test('a folder on the server that is not there', async () => {
    const { code, stderr } = await world.ferry('pull', at('/nosuch'), 'copy');
    expect(code).toBe(4);
    expect(stderr).toMatch(/the source ftp:\/\/ann@127\.0\.0\.1:\d+\/nosuch does not exist; check the path/);
  });

  test('a folder on the server that may not be made', async () => {
    const { code, stderr } = await world.ferry('push', 'site', at('/www', 'reader'));
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /the remote folder of ftp:\/\/reader@.*\/www is not there and cannot be made: .*MKD.*550.*; check/,
    );
  });

  test('a folder that may not be written to', async () => {
    expect((await world.ferry('push', 'site', at('/www'))).code).toBe(0);
    await world.write({ 'site/b.txt': 'b' });
    const { code, stderr } = await world.ferry('push', 'site', at('/www', 'reader'));
    expect(code).toBe(3);
    expect(stderr).toMatch(/problem: b\.txt: .*550 .*; see what this user may do there on the server/);
  });

  test('TLS that the server does not have', async () => {
    const { code, stderr } = await world.ferry('push', 'site', at('/www').replace('ftp:', 'ftpes:'));
    expect(code).toBe(5);
    expect(stderr).toMatch(/refuses TLS .*; nothing was sent\. It may speak ftps:\/\/ \(usually port 990\)/);
  });

  test('a file that is not there, by hand', async () => {
    const { code, stderr } = await world.ferry('get', at('/nosuch.txt'));
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^problem: nosuch\.txt: there is no such file on the server\n0 downloaded, 0 unchanged in .*\nExit 3: 1 path could not be copied/m,
    );
  });
});

describe.skipIf(process.platform === 'win32')('what the user may not read', () => {
  test('a folder: it is no bug, and nothing is done', async () => {
    await chmod(`${world.folder}/site`, 0o300);
    const { code, stderr } = await world.ferry('push', 'site', at('/www'));
    await chmod(`${world.folder}/site`, 0o700);
    expect(stderr).not.toMatch(/bug/);
    expect(code).not.toBe(1);
    expect(stderr).toMatch(/site.*permission denied/);
  });

  test('.ferryignore: nothing is done while it is not known what is left out', async () => {
    await world.write({ 'site/.ferryignore': '*.tmp\n' });
    await chmod(`${world.folder}/site/.ferryignore`, 0);
    const { code, stderr } = await world.ferry('push', 'site', at('/www'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/site\/\.ferryignore cannot be read \(permission denied\).*nothing was done; give/);
  });
});
