/** Which proxy is used: the configuration's word first, then the environment's, and never one that cannot be. */
import { describe, expect, test } from 'vitest';
import { loadConfig, parseConfig, resolveRemote, secretsMask } from '../../src/config/index.ts';
import { isBypassed, isLoopback } from '../../src/config/no-proxy.ts';
import { parseProxyUrl } from '../../src/config/proxy-url.ts';
import type { ProxySettings } from '../../src/config/settings.ts';
import { ConfigError } from '../../src/model/index.ts';
import { testFolder } from './folder.ts';

type Env = Record<string, string>;

/** The proxy for a server of the configuration, in a file that only its owner reads unless `mode` says otherwise. */
async function proxyOf(server: object, env: Env = {}, mode = 0o600): Promise<ProxySettings | undefined> {
  const folder = testFolder();
  folder.write('secret', 'from-file\n');
  const servers = { web: { url: 'ftpes://me@ftp.example.com', ...server } };
  folder.write('sync.config.json', { servers }, mode);
  const surroundings = folder.surroundings({ env });
  const config = await loadConfig({ surroundings });
  return (await resolveRemote(config, 'web', { surroundings })).server.proxy;
}

const fromEnv = async (env: Env, url = 'ftp://ftp.example.com') => {
  const surroundings = testFolder().surroundings({ env });
  return (await resolveRemote(null, url, { surroundings })).server.proxy;
};

describe('the URL of a proxy', () => {
  test.each([
    ['socks5://h', { kind: 'socks5', host: 'h', port: 1080 }],
    ['socks5h://h:1/', { kind: 'socks5', host: 'h', port: 1 }],
    ['HTTP://Proxy.Example.com', { kind: 'http', host: 'proxy.example.com', port: 80 }],
    ['http://[::1]:3128', { kind: 'http', host: '::1', port: 3128 }],
    ['socks5://me:p%40ss:w@h', { kind: 'socks5', host: 'h', port: 1080, user: 'me', password: 'p@ss:w' }],
    ['http://me@h', { kind: 'http', host: 'h', port: 80, user: 'me' }],
    ['http://me:a/b@c@h:8', { kind: 'http', host: 'h', port: 8, user: 'me', password: 'a/b@c' }],
  ])('%s', (text, read) => {
    expect(parseProxyUrl(text)).toEqual(read);
  });

  test.each([
    ['https://me:hidden@h', 'Ferry goes through socks5:// and http://'],
    ['socks4://me:hidden@h', 'Ferry goes through socks5:// and http://'],
    ['me:hidden@h:1080', 'such as socks5://'],
    ['constructor://h', 'such as socks5://'],
    ['http://', 'wanted http://host:port'],
    ['http://h:0', 'the port must be'],
    ['http://h:70000', 'the port must be'],
    ['http://h/path', 'wanted http://host:port'],
    ['http://me:hidden%@h', 'write % as %25'],
    ['socks5://me:hidden%0a@h', 'line break'],
    ['socks5://a b', 'wanted socks5://host:port'],
  ])('%s is refused, its password unseen', (text, why) => {
    expect(() => parseProxyUrl(text)).toThrow(why);
    expect(() => parseProxyUrl(text)).not.toThrow('hidden');
  });
});

describe('from the configuration', () => {
  test('a URL', async () => {
    const proxy = await proxyOf({ proxy: 'socks5://proxy:1081' });
    expect(proxy).toEqual({
      kind: 'socks5',
      host: 'proxy',
      port: 1081,
      origin: 'servers.web.proxy in sync.config.json',
    });
  });

  test('a URL with a password, which is masked', async () => {
    const proxy = await proxyOf({ proxy: 'http://me:written-down@proxy:3128' });
    expect(await proxy!.password!()).toBe('written-down');
    expect(secretsMask().mask('x written-down y')).toBe('x *** y');
  });

  test.each([
    ['the environment', { env: 'PROXY_PW' }, 'from-env'],
    ['a file', { file: 'secret' }, 'from-file'],
    ['a program', { command: [process.execPath, '-e', 'console.log("from-program")'] }, 'from-program'],
  ])('a password from %s', async (_, password, expected) => {
    const proxy = await proxyOf({ proxy: { url: 'socks5://me@proxy', password } }, { PROXY_PW: 'from-env' });
    expect(proxy).toMatchObject({ user: 'me', port: 1080 });
    expect(await proxy!.password!()).toBe(expected);
    expect(secretsMask().mask(expected)).toBe('***');
  });

  test('a user without a password is not asked for one, and never given the server’s', async () => {
    const proxy = await proxyOf({ proxy: 'socks5://me@proxy' }, { FERRY_PASSWORD: 'server' });
    expect(proxy!.password).toBeUndefined();
  });

  test.each(['http://me:in-the-open@proxy', { url: 'http://me@proxy', password: 'in-the-open' }])(
    'a password that others can read is refused: %j',
    async (proxy) => {
      const asked = proxyOf({ proxy }, {}, 0o644);
      await expect(asked).rejects.toThrow(ConfigError);
      await expect(asked).rejects.toThrow(/servers\.web\.proxy.*chmod 600/);
      await expect(asked).rejects.not.toThrow('in-the-open');
    },
  );

  test('wins over the environment, also with "none"', async () => {
    const env = { FERRY_PROXY: 'socks5://env', NO_PROXY: '*' };
    expect(await proxyOf({ proxy: 'socks5://file' }, env)).toMatchObject({ host: 'file' });
    expect(await proxyOf({ proxy: 'none' }, { FERRY_PROXY: 'socks5://env' })).toBeUndefined();
    expect(await proxyOf({}, { FERRY_PROXY: 'socks5://env' })).toMatchObject({ host: 'env' });
  });

  test.each([
    ['servers.web.proxy', { proxy: 'https://me:hidden@h' }, 'Ferry goes through'],
    ['servers.web.proxy', { proxy: 'no' }, 'no is no proxy'],
    ['servers.web.proxy', { proxy: 5 }, 'wanted "none", a socks5:// or http:// url'],
    ['servers.web.proxy', { proxy: { url: 'socks5://me:hidden@h', password: 'x' } }, 'the url holds a password'],
    ['servers.web.proxy', { proxy: { url: 'socks5://h', password: 'hidden' } }, 'no user'],
    ['servers.web.proxy', { proxy: { uri: 'socks5://me:hidden@h' } }, 'an object with url and password'],
    ['servers.web.mode', { proxy: 'socks5://h', mode: 'active' }, 'use passive, or "proxy": "none"'],
  ])('%s: %j is a mistake', (path, server, why) => {
    const text = JSON.stringify({ servers: { web: { url: 'ftp://h', ...server } } });
    expect(() => parseConfig(text, 'f')).toThrow(ConfigError);
    expect(() => parseConfig(text, 'f')).toThrow(path);
    expect(() => parseConfig(text, 'f')).toThrow(why);
    expect(() => parseConfig(text, 'f')).not.toThrow('hidden');
  });

  test('active mode goes with "none"', async () => {
    const env = { ALL_PROXY: 'socks5://h' };
    expect(await proxyOf({ mode: 'active', proxy: 'none' }, env)).toBeUndefined();
    await expect(proxyOf({ mode: 'active' }, env)).rejects.toThrow(/^ALL_PROXY names a proxy.*"proxy": "none"/);
  });
});

describe('from the environment', () => {
  const url = 'socks5://h';
  test.each<[Env, string | undefined]>([
    [{}, undefined],
    [{ FERRY_PROXY: 'socks5://ferry', ALL_PROXY: 'socks5://all', all_proxy: 'socks5://low' }, 'ferry'],
    [{ FERRY_PROXY: '', ALL_PROXY: 'socks5://all', all_proxy: 'socks5://low' }, 'all'],
    [{ all_proxy: 'socks5://low' }, 'low'],
    [{ FERRY_PROXY: 'none', ALL_PROXY: 'socks5://all' }, undefined],
    [{ ALL_PROXY: 'bare:3128' }, 'bare'],
    [{ http_proxy: url, HTTPS_PROXY: url, ftp_proxy: url }, undefined],
    [{ ALL_PROXY: url, NO_PROXY: 'other, example.com' }, undefined],
    [{ ALL_PROXY: url, no_proxy: 'example.com' }, undefined],
    [{ FERRY_PROXY: url, NO_PROXY: 'ftp.example.com:21' }, undefined],
    [{ ALL_PROXY: url, NO_PROXY: 'ftp.example.com:2121' }, 'h'],
  ])('%j: %s', async (env, host) => {
    const proxy = await fromEnv(env);
    expect(proxy?.host).toBe(host);
    if (proxy) expect(Object.keys(env)).toContain(proxy.origin);
  });

  test('without a scheme it is an HTTP proxy', async () => {
    expect(await fromEnv({ ALL_PROXY: 'me:geheim99@bare:3128' })).toMatchObject({
      kind: 'http',
      port: 3128,
      user: 'me',
    });
    expect(secretsMask().mask('geheim99')).toBe('***');
  });

  test.each(['localhost', '127.0.0.1', '127.3.4.5', '[::1]', 'a.localhost'])('%s needs no proxy', async (host) => {
    expect(await fromEnv({ FERRY_PROXY: url, ALL_PROXY: url }, `ftp://${host}`)).toBeUndefined();
  });

  test('one that cannot be used is refused, never passed by', async () => {
    const asked = fromEnv({ ALL_PROXY: 'https://me:hidden@h' });
    await expect(asked).rejects.toThrow(ConfigError);
    await expect(asked).rejects.toThrow(/^ALL_PROXY cannot be used: .*set FERRY_PROXY/);
    await expect(asked).rejects.not.toThrow('hidden');
  });
});

describe('NO_PROXY', () => {
  test.each<[list: string, host: string, port: number, bypassed: boolean]>([
    ['', 'h', 21, false],
    ['*', 'h', 21, true],
    ['h', 'h', 21, true],
    ['H', 'h.', 21, true],
    ['h', 'xh', 21, false],
    ['example.com', 'a.b.example.com', 21, true],
    ['.example.com', 'a.example.com', 21, true],
    ['.example.com', 'example.com', 21, true],
    ['*.example.com', 'a.example.com', 21, true],
    ['example.com', 'notexample.com', 21, false],
    ['example.com', 'example.com.evil.org', 21, false],
    ['a b,c', 'b', 21, true],
    ['h:21', 'h', 21, true],
    ['h:990', 'h', 21, false],
    ['10.1.2.3', '10.1.2.3', 21, true],
    ['10.0.0.0/8', '10.1.2.3', 21, true],
    ['10.0.0.0/8', '11.1.2.3', 21, false],
    ['10.0.0.0/99', '10.0.0.0', 21, false],
    ['10.0.0.0/8', 'ten.example.com', 21, false],
    ['fe80::/10', 'fe80::1', 21, true],
    ['2001:db8::1', '2001:db8:0::1', 21, true],
    ['[2001:db8::1]:21', '2001:db8::1', 21, true],
    ['[2001:db8::1]:22', '2001:db8::1', 21, false],
    [', ,.', 'h', 21, false],
  ])('%j and %s:%i: %s', (list, host, port, bypassed) => {
    expect(isBypassed({ host, port }, list)).toBe(bypassed);
  });

  test('an address on the network is no loopback', () => {
    for (const host of ['10.0.0.1', '128.0.0.1', 'localhost.example.com', '::2']) expect(isLoopback(host)).toBe(false);
  });
});
