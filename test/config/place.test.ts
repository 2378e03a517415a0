/** Places on a server as the hand tools are given them. */
import { describe, expect, test } from 'vitest';
import { below, type Config, looksRemote, namedPlace, resolvePlace } from '../../src/config/index.ts';

const config: Config = {
  file: '/etc/sync.config.json',
  folder: '/etc',
  exposed: false,
  servers: new Map([
    ['web', { url: 'ftp://ann@h' }],
    ['deep', { url: 'ftp://ann@h/~/in*ner' }],
  ]),
  jobs: new Map([['site', { direction: 'push', local: '.', server: 'web', remote: '/htdocs' }]]),
};
const surroundings = { env: {}, cwd: '/', home: '/nowhere' };

async function settled(text: string) {
  const { settings, segments, folder, contents } = await resolvePlace(config, text, { surroundings });
  return [settings.remote, segments.join('|'), folder ? 'folder' : '', contents ? 'contents' : ''].join(' ').trimEnd();
}

describe('a place is', () => {
  test.each([
    ['web:a.txt', ' a.txt'],
    ['web:', '  folder'],
    ['web:.', '  folder contents'],
    ['web:/', '/  folder'],
    ['web:/a/b.txt', '/ a|b.txt'],
    ['web:/a/b/', '/ a|b folder'],
    ['web:/a/.', '/ a folder contents'],
    ['web:~/a', ' a'],
    ['web:a:b', ' a:b'],
    ['web:/*.txt', '/ *.txt'],
    ['web:/a\\*b', '/ a\\*b'],
    ['site:x', '/ htdocs|x'],
    ['site:/x', '/ x'],
    ['site:~/x', ' x'],
    ['deep:x', ' in\\*ner|x'],
    ['ftp://h/a/b.txt', '/ a|b.txt'],
    ['ftp://h', '  folder'],
    ['ftp://h/', '  folder'],
    ['ftp://h//', '/  folder'],
    ['ftp://h/~/a', ' a'],
    ['ftp://h/%2Fa', '/ a'],
    ['ftp://h/*.txt', '/ *.txt'],
    ['ftp://h/a?.txt', '/ a?.txt'],
    ['ftp://h/a%2Ab%5B.txt', '/ a\\*b\\[.txt'],
    ['ftp://h/%C3%BC%20x', '/ ü x'],
    ['ftp://h/a%3F', '/ a\\?'],
  ])('%s', async (text, wanted) => {
    expect(await settled(text)).toBe(wanted);
  });

  test.each([
    ['web', /names a server; name a path on it: web:\/path/],
    ['a.txt', /a\.txt is no place on a server: write NAME:\/path/],
    ['./web:x', /is no place on a server/],
    ['wbe:x', /neither a URL nor a server nor a job.*did you mean web\?/],
    ['web:a/../b', /\.\. is no name here/],
    ['web:a\nb', /a line break, which FTP cannot carry/],
    ['ftp://h/a%0Ab', /a line break, which FTP cannot carry/],
    ['ftp://h/a%2Fb', /a name in it contains a slash/],
    ['ftp://h/a#b', /write .* # as %23/],
    ['ftp://ann:secret@h/a%2Fb', /ftp:\/\/\*\*\*@h/],
    ['sftp://h/a', /SFTP is part of SSH/],
  ])('not %j', async (text, message) => {
    const failure = await resolvePlace(config, text, { surroundings }).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'usage' });
    expect((failure as Error).message).toMatch(message);
    expect((failure as Error).message).not.toContain('secret');
  });
});

test('a path below a place begins there, at the root or at home', async () => {
  const site = await resolvePlace(config, 'site:a', { surroundings });
  const told = (path: string) => {
    const { settings, segments } = below(site, path);
    return `${settings.remote} ${segments.join('|')}`;
  };
  expect(['b', '/b', '~/b', './b/*'].map(told)).toEqual(['/ htdocs|a|b', '/ b', ' b', '/ htdocs|a|b|*']);
});

test('what is local and what is not', () => {
  expect(['web:x', 'ftp://h/x', 'C:\\x', 'c:/x'].map((text) => looksRemote(text))).toEqual([true, true, true, true]);
  expect(['x', './a:b', 'a/b:c', ':x', '-'].map((text) => looksRemote(text))).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(['C:\\x', 'c:/x', 'c:', 'web:x'].map((text) => namedPlace(text, 'win32')?.name)).toEqual([
    undefined,
    undefined,
    undefined,
    'web',
  ]);
});
