/** Transfers on servers that do as a test tells them: what may go wrong, and what is sent in which order. */
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { FtpClient, type FtpClientOptions } from '../../../src/ftp/client/index.ts';
import {
  InterruptedError,
  LostError,
  MismatchError,
  NameError,
  ProtocolError,
  ReplyError,
  UsageError,
} from '../../../src/model/index.ts';
import { startProxy } from '../proxy-server.ts';
import { type Script, scripted, serverCertificate, type Visit } from '../scripted.ts';
import { Received } from './clients.ts';

async function at(script: Script, options: Partial<FtpClientOptions> = {}) {
  const ftp = await scripted(script);
  const client = await FtpClient.open({ host: '127.0.0.1', port: ftp.port, replyTimeout: 2000, ...options });
  onTestFinished(async () => {
    client.close();
    await ftp[Symbol.asyncDispose]();
  });
  return { ftp, client };
}

/** Takes what comes until the connection is gone, and says that it was broken off. */
async function breaks(visit: Visit) {
  visit.send('150 here');
  (await visit.data()).resume().on('close', () => visit.send('426 broken'));
}

/** Sends a content over the data connection, and what is said before and after. */
function sends(content: string, before = '150 here it comes', after = '226 done') {
  return async (visit: Visit) => {
    visit.send(before);
    (await visit.data()).end(content, 'latin1');
    visit.send(after);
  };
}

test('the type is switched when it has to be, and only then', async () => {
  const { ftp, client } = await at({ SIZE: '213 1', NLST: sends('a\r\n'), TYPE: '200 ok' });
  await client.size('a');
  await client.retrieveBinary('RETR a', () => {});
  await client.retrieveLines('RETR a', () => {});
  await client.nlst();
  await client.size('a');
  await client.command('TYPE A');
  await client.retrieveBinary('RETR a', () => {});
  expect(ftp.commands.filter((command) => /^(TYPE|SIZE|RETR|NLST)/.test(command))).toEqual([
    ...['TYPE I', 'SIZE a', 'RETR a'],
    ...['TYPE A', 'RETR a', 'NLST'],
    ...['TYPE I', 'SIZE a', 'TYPE A', 'TYPE I', 'RETR a'],
  ]);
});

test('a type that is refused stops the transfer', async () => {
  const { ftp, client } = await at({ TYPE: (visit) => visit.send(visit.argument === 'I' ? '200 ok' : '504 no') });
  await expect(client.retrieveLines('RETR a', () => {})).rejects.toThrow(/TYPE A/);
  expect(ftp.commands).not.toContain('RETR a');
});

test('a file that comes short of what was announced is not taken for whole', async () => {
  const { client } = await at({ RETR: sends('1234567', '150 Opening BINARY mode data connection for a (12 bytes)') });
  await expect(client.retrieveBinary('RETR a', () => {})).rejects.toThrow(MismatchError);
  // From an offset on, servers announce one size or the other; as text, the size is not the file's.
  expect((await client.retrieveBinary('RETR a', () => {}, { offset: 5 })).size).toBe(12);
  expect((await client.retrieveLines('RETR a', () => {})).bytes).toBe(7);
});

test('text is never asked for from an offset', async () => {
  const { ftp, client } = await at({});
  await expect(client.openTransfer('RETR a', { type: 'A', offset: 3 })).rejects.toThrow(UsageError);
  await expect(client.retrieveBinary('RETR a', () => {}, { offset: -1 })).rejects.toThrow(UsageError);
  expect(ftp.commands.join()).not.toContain('REST');
});

test('text is converted on its way, both ways', async () => {
  let stored = '';
  const { client } = await at({
    RETR: sends('a\r\nb\rc\r'),
    STOR: async (visit) => {
      visit.send('150 here');
      stored = await text(await visit.data());
      visit.send('226 done');
    },
  });
  const got = new Received();
  await client.retrieveText('RETR a', got.take);
  expect(got.bytes.toString()).toBe('a\nb\rc\r');
  await client.storeText('STOR a', [Buffer.from('a\nb\r'), Buffer.from('\nc')]);
  expect(stored).toBe('a\r\nb\r\nc');
  const sent: string[] = [];
  await client.storeLines('STOR a', ['x', 'y\r\n', ''], { onLine: (line) => void sent.push(line) });
  expect(stored).toBe('x\r\ny\r\n\r\n');
  expect(sent).toEqual(['x', 'y\r\n', '']);
  const many = Array.from({ length: 20_000 }, (_, at) => `line ${at}`);
  const told: string[] = [];
  await client.storeLines('STOR a', many, { onLine: (line) => void told.push(line) });
  expect(stored).toBe(many.map((line) => `${line}\r\n`).join(''));
  expect(told).toEqual(many);
  const blocks: string[] = [];
  const onBlock = (block: Uint8Array) => void blocks.push(Buffer.from(block).toString());
  await client.storeBinary('STOR a', [Buffer.from('abc\n'), Buffer.from('d')], { blockSize: 3, onBlock });
  expect([stored, blocks]).toEqual(['abc\nd', ['abc', '\n', 'd']]);
});

test('lines come one by one, whatever the pieces; the last may lack its end', async () => {
  const { client } = await at({
    RETR: async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      for (const piece of ['on', 'e\r', '\ntwo\nth\rree\r\n\r\n', 'last']) {
        data.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      data.end();
      visit.send('226 done');
    },
  });
  const lines: string[] = [];
  await client.retrieveLines('RETR a', async (line) => {
    await new Promise(setImmediate);
    lines.push(line);
  });
  expect(lines).toEqual(['one', 'two', 'th\rree', '', 'last']);
});

test('a line that is not in the charset is said, not guessed', async () => {
  const { client } = await at({ RETR: sends('\xff\xfe\r\n'), STOR: breaks });
  await expect(client.retrieveLines('RETR a', () => {})).rejects.toThrow(NameError);
  await expect(client.retrieveLines('RETR a', () => {}, { maxLine: 1 })).rejects.toThrow(ProtocolError);
  const { client: other } = await at({ RETR: sends('abcd') });
  await expect(other.retrieveLines('RETR a', () => {}, { maxLine: 2 })).rejects.toThrow(ProtocolError);
  await expect(client.storeLines('STOR a', ['\ud800'])).rejects.toThrow(NameError);
});

test('what the caller throws ends the transfer, and the connection lives on', async () => {
  const { client } = await at({
    RETR: async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      data.write('abc');
      data.on('close', () => visit.send('426 broken'));
    },
    STOR: breaks,
  });
  const own = new Error('disk full');
  const fails = () => {
    throw own;
  };
  await expect(client.retrieveBinary('RETR a', fails)).rejects.toBe(own);
  await expect(client.retrieveText('RETR a', fails)).rejects.toBe(own);
  async function* source() {
    yield Buffer.from('abc');
    throw own;
  }
  await expect(client.storeBinary('STOR a', source())).rejects.toBe(own);
  await expect(client.storeText('STOR a', source())).rejects.toBe(own);
  expect(await client.pwd()).toBe('/');
});

test('a transfer that its caller stops is an interruption', async () => {
  const { client } = await at({
    RETR: async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      data.write('abc');
      data.on('close', () => visit.send('426 broken'));
    },
  });
  const stop = new AbortController();
  await expect(client.retrieveBinary('RETR a', () => stop.abort(), { signal: stop.signal })).rejects.toThrow(
    InterruptedError,
  );
  await expect(client.retrieveBinary('RETR a', () => {}, { signal: stop.signal })).rejects.toThrow(InterruptedError);
  expect(await client.pwd()).toBe('/');
});

test.each([
  ['two answers', ['426 broken', '226 aborted'], 226],
  ['two answers in the other order', ['226 aborted', '426 broken'], 426],
  ['one answer for both', ['226 aborted'], 226],
])('an abort with %s leaves the conversation in step', async (_, answers, code) => {
  const { ftp, client } = await at({
    RETR: async (visit) => {
      visit.send('150 here');
      (await visit.data()).write('abc');
    },
    ABOR: (visit) => visit.send(...answers),
    NOOP: '200 ok',
    SIZE: '213 42',
  });
  let aborted: Promise<{ code: number }> | undefined;
  const transfer = client.retrieveBinary('RETR a', () => {
    aborted = client.abort();
  });
  await expect(transfer).rejects.toThrow(InterruptedError);
  expect((await aborted)?.code).toBe(code);
  expect(await client.size('a')).toBe(42);
  expect(await client.pwd()).toBe('/');
  expect(ftp.visits).toHaveLength(1);
});

test('a server that does not know ABOR loses the transfer all the same', async () => {
  const { client } = await at({
    RETR: async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      data.on('close', () => visit.send('426 broken', '502 no'));
      data.write('abc');
    },
    ABOR: () => {},
    NOOP: '200 ok',
  });
  let aborted: Promise<unknown> | undefined;
  const transfer = client.retrieveBinary('RETR a', () => {
    aborted = client.abort().catch((error: unknown) => error);
  });
  await expect(transfer).rejects.toThrow(InterruptedError);
  expect(await aborted).toMatchObject({ reply: 502 });
  expect(await client.pwd()).toBe('/');
});

test('without a transfer an abort is a command like others', async () => {
  const { client } = await at({ ABOR: '225 nothing to abort' });
  expect((await client.abort()).code).toBe(225);
  const { client: other } = await at({ ABOR: '502 no' });
  await expect(other.abort()).rejects.toThrow(ReplyError);
});

test('a data connection in the caller’s hands holds everything else back until it is closed', async () => {
  const { ftp, client } = await at({
    RETR: async (visit) => {
      visit.send('150 Opening data connection for a (9 bytes)');
      const data = await visit.data();
      data.write('half');
      setTimeout(() => {
        data.end(' full');
        visit.send('226 done');
      }, 50);
    },
  });
  const { stream, size, opening, finished } = await client.openTransfer('RETR a');
  const folder = client.pwd();
  expect([size, opening?.code]).toEqual([9, 150]);
  expect(await text(stream)).toBe('half full');
  expect(ftp.commands.filter((command) => command === 'PWD')).toHaveLength(1);
  expect((await finished()).text).toBe('done');
  expect(await folder).toBe('/');
});

test('a data connection that is given up, or refused, is told by its end', async () => {
  const { client } = await at({
    RETR: async (visit) => {
      visit.send('150 here');
      (await visit.data()).on('close', () => {
        visit.send('426 broken');
        if (visit.commands.includes('ABOR')) visit.send('226 aborted');
      });
    },
    ABOR: () => {},
    NOOP: '200 ok',
    STOR: '552 full',
    STOU: async (visit) => {
      visit.send('150 FILE: unique');
      (await visit.data()).resume().on('end', () => visit.send('226 done'));
    },
  });
  const download = await client.openTransfer('RETR a');
  download.stream.destroy();
  await expect(download.finished()).rejects.toThrow(/426/);
  await expect(client.openTransfer('STOR a')).rejects.toThrow(/552/);
  const aborted = await client.openTransfer('RETR a');
  const stop = client.abort();
  await expect(aborted.finished()).rejects.toThrow(InterruptedError);
  expect((await stop).code).toBe(226);
  const unique = await client.openTransfer('STOU');
  unique.stream.end('x');
  await unique.finished();
  expect(unique.opening?.text).toBe('FILE: unique');
  await expect(client.openTransfer('PWD')).rejects.toThrow(UsageError);
});

test('PASV is tried where EPSV is not known, and the address in its answer is never used', async () => {
  const { ftp, client } = await at({
    EPSV: '500 what?',
    PASV: async (visit) => {
      const port = await visit.listen();
      visit.send(`227 Entering Passive Mode (203,0,113,7,${port >> 8},${port & 255})`);
    },
  });
  const got = new Received();
  await client.retrieveBinary('RETR a', got.take);
  expect(got.bytes.toString()).toBe('content');
  expect(ftp.commands).toContain('PASV');
});

test.each(['229 no port here', '229 ok (|||0|)', '229 ok (|||99999|)'])('%s is no answer to EPSV', async (answer) => {
  const { client } = await at({ EPSV: answer });
  await expect(client.nlst()).rejects.toThrow(ProtocolError);
});

test('in active mode the server is told where we listen', async () => {
  const { ftp, client } = await at({ PORT: '200 ok', NLST: '425 cannot' }, { mode: 'active' });
  await expect(client.nlst()).rejects.toThrow(/425/);
  expect(ftp.commands.join()).toMatch(/PORT 127,0,0,1,\d+,\d+/);
  expect(ftp.commands.join()).not.toContain('EPSV');
  // What was chosen holds for the next connection as well.
  client.setPassive(true);
  await client.connect();
  await client.login();
  expect(await client.nlst().catch((error: ReplyError) => error.reply)).toBe(425);
  expect(ftp.commands.filter((command) => /^(PORT|EPSV)/.test(command)).map((command) => command.slice(0, 4))).toEqual([
    ...['PORT', 'EPSV'],
  ]);
});

test('facts are chosen by OPTS MLST, and names may hold anything', async () => {
  const { ftp, client } = await at({
    OPTS: '200 ok',
    MLSD: sends('type=cdir; .\r\nSize=3;Type=file;__proto__=x; a; b = c\r\n\r\n noFacts\r\n'),
  });
  const all = await client.mlsd('sub');
  expect(all.map(({ name }) => name)).toEqual(['.', 'a; b = c', 'noFacts']);
  expect([...all[1]!.facts]).toEqual([
    ['size', '3'],
    ['type', 'file'],
    ['__proto__', 'x'],
  ]);
  expect([...(await client.mlsd('', ['Type']))[1]!.facts.keys()]).toEqual(['type']);
  expect(ftp.commands.filter((command) => /^(OPTS MLST Type|MLSD)/.test(command))).toEqual([
    ...['MLSD sub', 'OPTS MLST Type;', 'MLSD'],
  ]);
});

test.each(['drwxr-xr-x 2 ftp', 'type=file;size=3'])('%s is no line of MLSD', async (line) => {
  const { client } = await at({ MLSD: sends(`${line}\r\n`) });
  await expect(client.mlsd()).rejects.toThrow(ProtocolError);
});

/** Under TLS, a data connection that is simply cut after the content; a whole one ends with the goodbye of TLS. */
function cutOff(contents: readonly (string | { readonly whole: string })[]): Script {
  let round = 0;
  return {
    AUTH: (visit) => {
      visit.send('234 go');
      visit.secure();
    },
    NLST: async (visit) => {
      const content = contents[round]!;
      round += 1;
      visit.send('150 here');
      const raw = await visit.data();
      const { cert, key } = serverCertificate();
      const tls = new TLSSocket(raw, { isServer: true, cert, key });
      tls.on('error', () => {});
      if (typeof content === 'string') tls.write(content, () => raw.destroySoon());
      else tls.end(content.whole);
      visit.send('226 done');
    },
  };
}

const secured = (): Partial<FtpClientOptions> => ({ protocol: 'ftpes', tls: { ca: serverCertificate().ca } });

test('a listing that was cut off under TLS is asked for again', async () => {
  const { ftp, client } = await at(cutOff(['a\r\n', { whole: 'a\r\nb\r\n' }]), secured());
  expect(await client.nlst()).toEqual(['a', 'b']);
  expect(ftp.commands.filter((command) => command === 'NLST')).toHaveLength(2);
});

test('a listing that is cut off differently each time is no listing', async () => {
  const { client } = await at(cutOff(['a\r\n', 'a\r\nb\r\n']), secured());
  await expect(client.nlst()).rejects.toThrow(LostError);
});

test('a server that always ends abruptly is believed, and not asked twice again', async () => {
  const { ftp, client } = await at(cutOff(['a\r\n', 'a\r\n', 'b\r\n']), secured());
  expect(await client.nlst()).toEqual(['a']);
  expect(await client.nlst()).toEqual(['b']);
  expect(ftp.commands.filter((command) => command === 'NLST')).toHaveLength(3);
});

test('a listing that is reset is no listing, however often', async () => {
  const { ftp, client } = await at({
    NLST: async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      data.write('a\r\n', () => setTimeout(() => data.resetAndDestroy(), 20));
      setTimeout(() => visit.send('226 done'), 50);
    },
  });
  await expect(client.nlst()).rejects.toThrow(LostError);
  expect(ftp.commands.filter((command) => command === 'NLST')).toHaveLength(2);
});

test('commands and data go through a proxy, and active mode cannot', async () => {
  const proxy = await startProxy('socks5');
  const { client } = await at({ MLSD: sends('type=file; a\r\n') }, { proxy: proxy.options });
  expect((await client.mlsd())[0]?.name).toBe('a');
  expect(proxy.asked.length).toBeGreaterThan(1);
  expect(() => client.setPassive(false)).toThrow(UsageError);
  const active = new FtpClient({ host: '127.0.0.1', proxy: proxy.options, mode: 'active' });
  await expect(active.connect()).rejects.toThrow(/proxy/);
});
