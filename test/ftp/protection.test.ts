/** What TLS may leave in plain text, where the settings say so: data (PROT C), and commands after the login (CCC). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectFtp } from '../../src/ftp/remote.ts';
import { type Remote, TlsError, toRelPath } from '../../src/model/index.ts';
import { FtpServer } from '../../src/server/index.ts';
import { plainTextWarning } from '../../src/sync/index.ts';
import { clientOptions } from '../builders/connect.ts';
import { draw, emptyFolder } from '../builders/folder.ts';
import { type AnyServer, start, variants } from '../servers/every-server.ts';
import { certificate } from '../servers/index.ts';

const p = toRelPath;
type Wishes = { protect?: 'clear'; ccc?: true };

async function used(
  server: AnyServer,
  wishes: Wishes,
  disk: string,
): Promise<{ warning: string | undefined; log: string[] }> {
  const log: string[] = [];
  const options = clientOptions(server, '/', { connections: 2, tls: { verify: true, ca: server.ca, ...wishes } });
  const remote: Remote = connectFtp({ ...options, wire: (line) => log.push(line) });
  try {
    await remote.open();
    const content = Buffer.alloc(300_000, 'all of it ');
    const lanes = await Promise.all([remote.lane(), remote.lane()]);
    const source = {
      async *chunks() {
        yield content;
      },
    };
    await Promise.all(lanes.map((lane, at) => lane.write(p(`sent ${at}`), source)));
    let received = 0;
    const sink = { write: (chunk: Uint8Array) => void (received += chunk.length) };
    await lanes[0]!.read(p('sent 1'), sink);
    for (const lane of lanes) lane.release();
    expect(received).toBe(content.length);
    expect(readFileSync(join(disk, 'sent 0')).equals(content)).toBe(true);
    expect((await remote.list(p(''))).entries.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['sent 0', 'sent 1']),
    );
    return { warning: plainTextWarning({ host: server.host }, remote.capabilities), log };
  } finally {
    await remote.close();
  }
}

describe.each(['explicit', 'implicit'] as const)('ours, %s TLS', (tls) => {
  async function serving(allowClear: boolean): Promise<{ any: AnyServer; close: () => Promise<void>; root: string }> {
    const { ca, certificateFile, keyFile } = certificate();
    const root = draw(emptyFolder(), {});
    const server = new FtpServer({
      users: [{ name: 'tester', password: 'p', home: root }],
      tls: {
        cert: readFileSync(certificateFile),
        key: readFileSync(keyFile),
        implicit: tls === 'implicit',
        requireSessionReuse: true,
        allowClear,
      },
    });
    const { host, port } = await server.listen();
    const base = { name: 'ours', host, port, user: 'tester', password: 'p', root, tls, ca } as const;
    return { any: { ...base, log: () => '', stop: async () => {} }, close: () => server.close(0), root };
  }

  test('commands leave TLS after the login, data stays protected, and it is said', async () => {
    const { any, close, root } = await serving(true);
    const { warning, log } = await used(any, { ccc: true }, root);
    expect(warning).toBe('commands and names travel as plain text after the login (tls.ccc)');
    expect(log.filter((line) => /^> (CCC|PROT)/.test(line))).toEqual(expect.arrayContaining(['> PROT P', '> CCC']));
    expect(log.indexOf('> CCC')).toBeGreaterThan(log.indexOf('> PASS ***'));
    await close();
  });

  test('a server that will not is told so, and nothing is sent', async () => {
    const { any, close, root } = await serving(false);
    const failure = await used(any, { ccc: true }, root).catch((error) => error);
    expect(failure).toBeInstanceOf(TlsError);
    expect(failure.message).toMatch(/refuses commands in plain text \(CCC: 534 .*leave tls\.ccc out/);
    await close();
  });

  test('data in plain text, where the server lets it', async () => {
    const { any, close, root } = await serving(true);
    const outcome = await used(any, { protect: 'clear' }, root).catch((error) => error);
    if (tls === 'implicit') {
      expect(outcome).toBeInstanceOf(TlsError);
      expect(outcome.message).toMatch(/refuses data connections in plain text \(PROT C: 534 .*leave tls\.protect out/);
    } else {
      expect(outcome.warning).toBe('the content of all files travels as plain text (tls.protect is "clear")');
      const both = await used(any, { protect: 'clear', ccc: true }, root);
      expect(both.warning).toMatch(/plain text .*, and so do commands and names \(tls\.ccc\)$/);
    }
    await close();
  });

  test('without a wish, everything is protected', async () => {
    const { any, close, root } = await serving(true);
    const { warning, log } = await used(any, {}, root);
    expect(warning).toBeUndefined();
    expect(log.filter((line) => /^> (CCC|PROT)/.test(line)).every((line) => line === '> PROT P')).toBe(true);
    await close();
  });
});

describe.each(variants(['explicit']).filter(({ name }) => name !== 'ours'))('$title', (variant) => {
  let server: AnyServer;
  beforeAll(async () => {
    server = await start(variant);
  });
  afterAll(async () => {
    await server?.stop();
  });

  test('data in plain text', async () => {
    const { warning } = await used(server, { protect: 'clear' }, server.root);
    expect(warning).toContain('the content of all files travels as plain text');
  });

  test('commands in plain text, or a refusal in words', async () => {
    const outcome = await used(server, { ccc: true }, server.root).catch((error) => error);
    if (variant.name === 'proftpd' || variant.name === 'pure-ftpd') {
      expect(outcome.warning).toContain('commands and names travel as plain text');
    } else {
      expect(outcome).toBeInstanceOf(TlsError);
      expect(outcome.message).toContain('leave tls.ccc out');
    }
  });
});
