/** A whole session with the embedded server: plain, explicit and implicit TLS, passive and active. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ServerOptions } from '../../src/ftp/options.ts';
import { connectFtp } from '../../src/ftp/remote.ts';
import { ROOT, toRelPath } from '../../src/model/index.ts';
import { FtpServer } from '../../src/server/index.ts';
import { serverCertificate } from './scripted.ts';

const p = toRelPath;
const { cert, key, ca } = serverCertificate();

async function start(protocol: ServerOptions['protocol'], mode: ServerOptions['mode']) {
  const home = mkdtempSync(join(tmpdir(), 'ferry-embedded-'));
  const tls = { cert, key, implicit: protocol === 'ftps', requireSessionReuse: true };
  const server = new FtpServer({
    users: [{ name: 'me', password: 'pw', home }],
    ...(protocol !== 'ftp' && { tls }),
  });
  const { host, port } = await server.listen();
  const remote = connectFtp({
    ...{ protocol, host, port, mode, user: 'me', root: '~/site', connections: 3, encoding: 'utf8' },
    password: async () => 'pw',
    tls: { verify: true, ca },
    connectTimeout: 5000,
    replyTimeout: 5000,
    dataTimeout: 5000,
  });
  return {
    home,
    remote,
    async [Symbol.asyncDispose]() {
      await remote.close();
      await server.close();
      rmSync(home, { recursive: true });
    },
  };
}

describe.each<[ServerOptions['protocol'], ServerOptions['mode']]>([
  ['ftp', 'passive'],
  ['ftp', 'active'],
  ['ftpes', 'passive'],
  ['ftpes', 'active'],
  ['ftps', 'passive'],
])('%s, %s', (protocol, mode) => {
  test('a file goes up, is looked at, comes down, is listed, hashed and removed', async () => {
    await using at = await start(protocol, mode);
    const { remote } = at;
    await remote.open();
    await remote.makeRoot();
    const lane = await remote.lane();
    const content = Buffer.from('Grüße\r\n\0'.repeat(50_000));
    const source = {
      async *chunks(offset: number) {
        for (let from = offset; from < content.length; from += 65_536) yield content.subarray(from, from + 65_536);
      },
    };
    const when = Date.UTC(2020, 1, 3, 4, 5, 6);
    await lane.makeDirectory(p('a b'));
    await lane.write(p('a b/x.tmp'), source);
    const [seen, stamped] = await Promise.all([
      lane.inspect(p('a b/x.tmp')),
      lane.setModified(p('a b/x.tmp'), when),
      lane.rename(p('a b/x.tmp'), p('a b/ü')),
    ]);
    expect([seen.size, stamped]).toEqual([content.length, true]);
    expect(readFileSync(join(at.home, 'site/a b/ü')).equals(content)).toBe(true);
    // Newer versions of Node set a time to a fraction of a microsecond.
    expect(Math.floor(statSync(join(at.home, 'site/a b/ü')).mtimeMs)).toBe(when);

    const pieces: Buffer[] = [];
    await lane.read(p('a b/ü'), { write: (chunk) => void pieces.push(Buffer.from(chunk)) }, { offset: 10 });
    expect(Buffer.concat(pieces).equals(content.subarray(10))).toBe(true);
    lane.release();

    const listing = await remote.list(p('a b'));
    expect(listing.incomplete).toBeUndefined();
    expect(listing.entries).toMatchObject([{ path: 'a b/ü', kind: 'file', size: content.length, mtime: when }]);
    expect(await remote.hash(p('a b/ü'))).toMatch(/^[0-9a-f]{64}$/);
    expect((await remote.sight([p('a b/ü'), p('none')])).map(({ found }) => found)).toEqual(['present', 'absent']);

    const other = await remote.lane();
    await other.remove(p('a b/ü'));
    await other.removeDirectory(p('a b'));
    other.release();
    expect((await remote.list(ROOT)).entries).toEqual([]);
  });
});
