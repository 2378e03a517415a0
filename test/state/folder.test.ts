import { describe, expect, it } from 'vitest';
import { jobFolder, stateFolder } from '../../src/state/index.ts';

describe('stateFolder', () => {
  it.each([
    ['linux', {}, '/home/u/.local/state/ferry'],
    ['linux', { XDG_STATE_HOME: '/xdg' }, '/xdg/ferry'],
    ['linux', { XDG_STATE_HOME: 'relative' }, '/home/u/.local/state/ferry'],
    ['linux', { XDG_STATE_HOME: '/xdg', FERRY_STATE: '/mine' }, '/mine'],
    ['linux', { FERRY_STATE: '', XDG_STATE_HOME: '' }, '/home/u/.local/state/ferry'],
    ['darwin', { XDG_STATE_HOME: '/xdg' }, '/home/u/Library/Application Support/ferry'],
    ['win32', { LOCALAPPDATA: 'C:\\L' }, 'C:\\L\\ferry'],
    ['win32', { FERRY_STATE: 'D:\\S' }, 'D:\\S'],
  ] as const)('on %s with %j is %s', (platform, env, folder) => {
    expect(stateFolder(env, platform, '/home/u')).toBe(folder);
  });
});

describe('jobFolder', () => {
  const site = { local: '/srv/www/public', remote: 'deploy@ftp.example.com:21/htdocs' };

  it('is readable, and always the same', () => {
    expect(jobFolder('/s', site)).toMatch(/^\/s\/public-ftp-example-com-[0-9a-f]{16}$/);
    expect(jobFolder('/s', { ...site, name: 'Café Ñight/ly..' })).toMatch(/^\/s\/cafe-n-ight-ly-[0-9a-f]{16}$/);
    expect(jobFolder('/s', { ...site })).toBe(jobFolder('/s', site));
    expect(jobFolder('C:\\s', { local: 'C:\\www', remote: 'u@[::1]:21/a@b' })).toMatch(/^C:\\s\\www-1-[0-9a-f]{16}$/);
    expect(jobFolder('/s', { local: '/', remote: '', name: '日本' })).toMatch(/^\/s\/job-[0-9a-f]{16}$/);
  });

  it('is another one for every other identity', () => {
    const identities = [
      site,
      { ...site, name: 'public-ftp-example-com' },
      { ...site, local: '/srv/www2/public' },
      { ...site, remote: 'deploy@ftp.example.com:21/htdocs2' },
      { ...site, remote: 'other@ftp.example.com:21/htdocs' },
      { local: '/srv/www/publicdeploy', remote: '@ftp.example.com:21/htdocs' },
    ];
    expect(new Set(identities.map((identity) => jobFolder('/s', identity))).size).toBe(identities.length);
  });

  it('is short however long the name is', () => {
    expect(jobFolder('/s', { ...site, name: 'x'.repeat(300) }).length).toBeLessThan(64);
  });
});
