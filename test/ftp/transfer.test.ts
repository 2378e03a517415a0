/** Files over data connections, and the failures that happen on them: the session outlives them all. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { connectFtp } from '../../src/ftp/remote.ts';
import {
  type ByteSource,
  InterruptedError,
  type Lane,
  LostError,
  MismatchError,
  ProtocolError,
  ReplyError,
  toRelPath,
} from '../../src/model/index.ts';
import { type Script, scripted } from './scripted.ts';

const p = toRelPath;
const source = (content: string | Buffer, pause?: Promise<unknown>): ByteSource => ({
  async *chunks(offset) {
    const bytes = Buffer.from(content);
    for (let at = offset; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    await pause;
  },
});

function collector() {
  const pieces: Buffer[] = [];
  return {
    write(chunk: Uint8Array) {
      pieces.push(Buffer.from(chunk));
    },
    get text() {
      return Buffer.concat(pieces).toString();
    },
  };
}

async function open(script: Script, changes = {}) {
  const server = await scripted({ DELE: '250 ok', ...script });
  const remote = connectFtp(server.options(changes));
  await remote.open();
  const lane = await remote.lane();
  return {
    server,
    remote,
    lane,
    async [Symbol.asyncDispose]() {
      await remote.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The session is in step: the next command gets its own reply. */
async function inStep(lane: Lane) {
  expect(lane.alive).toBe(true);
  await lane.remove(p('next'));
}

describe('sending', () => {
  test('the bytes arrive, and are confirmed', async () => {
    let arrived = '';
    const STOR: Script['STOR'] = async (visit) => {
      visit.send('150 go on');
      for await (const chunk of await visit.data()) arrived += chunk;
      visit.send('226 done');
    };
    await using at = await open({ STOR });
    let told = 0;
    const onBytes = (bytes: number) => {
      told += bytes;
    };
    expect(await at.lane.write(p('a'), source('hello'), { onBytes })).toBe(5);
    expect([arrived, told]).toEqual(['hello', 5]);
    await inStep(at.lane);
  });

  test('data does not wait for 150', async () => {
    const STOR: Script['STOR'] = async (visit) => {
      const data = await visit.data();
      data.resume();
      await once(data, 'end');
      visit.send('150 go on', '226 done');
    };
    await using at = await open({ STOR });
    await at.lane.write(p('a'), source('hello'));
  });

  test.each([
    ['before there is a connection', '553 no'],
    ['for lack of room', '452 full'],
  ])('refused %s: the reply is told, the session lives', async (_name, STOR) => {
    await using at = await open({ STOR });
    await expect(at.lane.write(p('a'), source('x'.repeat(1e6)))).rejects.toMatchObject({
      reply: Number(STOR.slice(0, 3)),
    });
    await inStep(at.lane);
  });

  test.each(['552 quota exceeded', '452 disk full', '426 aborted'])(
    '%s in the middle, the connection reset: the reply is told',
    async (reply) => {
      const STOR: Script['STOR'] = async (visit) => {
        visit.send('150 go on');
        const data = await visit.data();
        await once(data, 'data');
        data.resetAndDestroy();
        visit.send(reply);
      };
      await using at = await open({ STOR });
      const error = await at.lane.write(p('a'), source(Buffer.alloc(20_000_000))).catch((e) => e);
      expect(error).toBeInstanceOf(ReplyError);
      expect(error.reply).toBe(Number(reply.slice(0, 3)));
      await inStep(at.lane);
    },
  );

  test('226 before the end of the data is no success', async () => {
    const STOR: Script['STOR'] = async (visit) => {
      visit.send('150 go on');
      const data = await visit.data();
      await once(data, 'data');
      visit.send('226 done');
      data.destroy();
    };
    await using at = await open({ STOR });
    await expect(at.lane.write(p('a'), source(Buffer.alloc(20_000_000)))).rejects.toThrow(LostError);
    await inStep(at.lane);
  });

  test('226 that comes twice is no answer to what follows', async () => {
    await using at = await open({ DELE: ['226 done', '550 no such file'] });
    await at.lane.write(p('a'), source('x'));
    await expect(at.lane.remove(p('b'))).rejects.toThrow(ProtocolError);
    expect(at.lane.alive).toBe(false);
  });

  const stored = (said: string): Script['STOR'] => {
    return async (visit) => {
      visit.send('150 go on');
      const data = await visit.data();
      data.resume();
      await once(data, 'end');
      visit.send(said);
    };
  };

  test('250 that comes twice is no answer to what follows', async () => {
    const twice = '250 Transfer complete.';
    await using at = await open({ STOR: stored(twice), DELE: [twice, '550 no such file'] });
    await at.lane.write(p('a'), source('x'));
    await expect(at.lane.remove(p('b'))).rejects.toThrow(ProtocolError);
    expect(at.lane.alive).toBe(false);
  });

  test.each(['226 done', '250 Okay'])('after %s, 250 is no answer to what asks for a size', async (said) => {
    const FEAT = ['211-Features', ' SIZE', '211 End'];
    await using at = await open({ FEAT, STOR: stored(said), SIZE: ['250 Okay', '213 1'] });
    await at.lane.write(p('a'), source('x'));
    await expect(at.lane.inspect(p('a'))).rejects.toThrow(ProtocolError);
    expect(at.lane.alive).toBe(false);
  });

  test.each(['250 Okay', '250 Requested file action okay, completed.'])(
    'a server that says %s to everything is taken at its word',
    async (said) => {
      await using at = await open({ STOR: stored(said), DELE: said });
      await at.lane.write(p('a'), source('x'));
      await at.lane.remove(p('b'));
      await at.lane.remove(p('c'));
      await inStep(at.lane);
    },
  );

  test('226 that never comes is an unknown outcome', async () => {
    const STOR: Script['STOR'] = async (visit) => {
      visit.send('150 go on');
      (await visit.data()).resume();
    };
    await using at = await open({ STOR }, { replyTimeout: 200 });
    await expect(at.lane.write(p('a'), source('x'))).rejects.toThrow(LostError);
    expect(at.lane.alive).toBe(false);
  });

  test('a reply may take long while data flows', async () => {
    await using at = await open({}, { replyTimeout: 100, dataTimeout: 1000 });
    const slow: ByteSource = {
      async *chunks() {
        for (let i = 0; i < 6; i += 1) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          yield Buffer.from('x');
        }
      },
    };
    expect(await at.lane.write(p('a'), slow)).toBe(6);
  });

  test('a connection that stands still is given up, and the session lives if the server answers', async () => {
    const STOR: Script['STOR'] = async (visit) => {
      visit.send('150 go on');
      const data = await visit.data();
      data.pause();
      await new Promise((resolve) => setTimeout(resolve, 500));
      visit.send('426 gone');
    };
    await using at = await open({ STOR }, { dataTimeout: 200 });
    await expect(at.lane.write(p('a'), source(Buffer.alloc(30_000_000)))).rejects.toMatchObject({ reply: 426 });
    await inStep(at.lane);
  });

  test('a source that fails breaks the transfer off, and is what is told', async () => {
    const STOR: Script['STOR'] = async (visit) => {
      visit.send('150 go on');
      const data = await visit.data();
      data.resume();
      // It may end with a reset.
      data.on('error', () => {});
      await new Promise((done) => data.once('close', done));
      visit.send('426 gone');
    };
    await using at = await open({ STOR });
    const failing: ByteSource = {
      async *chunks() {
        yield Buffer.from('x');
        throw new Error('the disk is broken');
      },
    };
    await expect(at.lane.write(p('a'), failing)).rejects.toThrow('the disk is broken');
    await inStep(at.lane);
  });

  test('stopped by a signal: never taken for a whole file', async () => {
    let end = '';
    const STOR: Script['STOR'] = async (visit) => {
      visit.send('150 go on');
      const data = await visit.data();
      data.on('error', () => {
        end = 'reset';
      });
      data.on('end', () => {
        end = 'end';
      });
      data.resume();
      await once(data, 'close').catch(() => {});
      visit.send('426 gone');
    };
    await using at = await open({ STOR });
    const stop = new AbortController();
    const writing = at.lane.write(p('a'), source('x', new Promise(() => {})), { signal: stop.signal });
    setTimeout(() => stop.abort(), 100);
    await expect(writing).rejects.toThrow(InterruptedError);
    expect(end).toBe('reset');
    await inStep(at.lane);
  });

  test('stopped, on a server that has yet to miss the data connection: not waited for as long as it may take', async () => {
    const asked = new EventTarget();
    const heard = once(asked, 'retr');
    await using at = await open(
      { RETR: () => void asked.dispatchEvent(new Event('retr')) },
      { settleTimeout: 60_000, replyTimeout: 60_000 },
    );
    const stop = new AbortController();
    const reading = at.lane.read(p('a'), collector(), { signal: stop.signal });
    await heard;
    stop.abort();
    await expect(reading).rejects.toThrow(InterruptedError);
  });

  test('stopped before it began: nothing is sent', async () => {
    await using at = await open({});
    const before = at.server.commands.length;
    const stopped = { signal: AbortSignal.abort() };
    await expect(at.lane.write(p('a'), source('x'), stopped)).rejects.toThrow(InterruptedError);
    expect(at.server.commands).toHaveLength(before);
  });
});

describe('going on with a part', () => {
  test('by REST and STOR, REST being answered first', async () => {
    await using at = await open({});
    await at.lane.read(p('a'), collector());
    expect(await at.lane.write(p('a'), source('hello'), { offset: 3 })).toBe(2);
    expect(at.server.visits[0]!.flights.slice(-2)).toEqual(['EPSV\r\nREST 3\r\n', 'STOR /a\r\n']);
  });

  test('REST refused: nothing is stored; APPE goes on, if the part is as long as it should be', async () => {
    const script: Script = { REST: '502 no', SIZE: '213 3', APPE: undefined as never };
    const APPE: Script['APPE'] = async (visit) => {
      visit.send('150 go on');
      const data = await visit.data();
      data.resume();
      await once(data, 'end');
      visit.send('226 done');
    };
    await using at = await open({ ...script, APPE });
    expect(await at.lane.write(p('a'), source('hello'), { offset: 3 })).toBe(2);
    expect(at.server.commands).not.toContain('STOR /a');
    expect(at.server.commands).toContain('APPE /a');
  });

  test('APPE to a part of another length is refused', async () => {
    await using at = await open({ REST: '502 no', SIZE: '213 4' });
    await expect(at.lane.write(p('a'), source('hello'), { offset: 3 })).rejects.toThrow(MismatchError);
    expect(at.server.commands.some((line) => line.startsWith('APPE'))).toBe(false);
  });
});

describe('receiving', () => {
  test('the bytes arrive, and the reply is waited for', async () => {
    await using at = await open({});
    const into = collector();
    expect(await at.lane.read(p('a'), into)).toBe(7);
    expect(into.text).toBe('content');
    await inStep(at.lane);
  });

  test('a missing file is refused, the session lives', async () => {
    await using at = await open({ RETR: '550 no such file' });
    await expect(at.lane.read(p('a'), collector())).rejects.toMatchObject({ reply: 550 });
    await inStep(at.lane);
  });

  test('226 first and the data later: all of it is read', async () => {
    const RETR: Script['RETR'] = async (visit) => {
      visit.send('150 here', '226 done');
      const data = await visit.data();
      setTimeout(() => data.end('late'), 100);
    };
    await using at = await open({ RETR });
    const into = collector();
    await at.lane.read(p('a'), into);
    expect(into.text).toBe('late');
  });

  test.each([
    ['226 all the same', '226 done', LostError],
    ['426', '426 gone', ReplyError],
  ])('reset in the middle, then %s', async (_name, reply, kind) => {
    const RETR: Script['RETR'] = async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      data.write('half');
      await new Promise((resolve) => setTimeout(resolve, 30));
      data.resetAndDestroy();
      visit.send(reply);
    };
    await using at = await open({ RETR });
    await expect(at.lane.read(p('a'), collector())).rejects.toThrow(kind);
    await inStep(at.lane);
  });

  test('a piece: REST, and no more than was asked for', async () => {
    const RETR: Script['RETR'] = async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      data.write(Buffer.alloc(4_000_000, 'x'));
      await once(data, 'close').catch(() => {});
      visit.send('426 gone');
    };
    await using at = await open({ RETR });
    const into = collector();
    expect(await at.lane.read(p('a'), into, { offset: 10, length: 1000 })).toBe(1000);
    expect(into.text).toHaveLength(1000);
    expect(at.server.commands).toContain('REST 10');
    await inStep(at.lane);
  });

  test('a piece at the end is not broken off', async () => {
    await using at = await open({});
    const into = collector();
    expect(await at.lane.read(p('a'), into, { length: 4 })).toBe(4);
    expect(into.text).toBe('cont');
    await inStep(at.lane);
  });

  test('a second 150 ends a download that was broken off (Pure-FTPd)', async () => {
    const RETR: Script['RETR'] = async (visit) => {
      visit.send('150 here');
      const data = await visit.data();
      data.write(Buffer.alloc(4_000_000, 'x'));
      await once(data, 'close').catch(() => {});
      visit.send('150 0.003 seconds');
    };
    await using at = await open({ RETR });
    await at.lane.read(p('a'), collector(), { length: 10 });
    await inStep(at.lane);
  });

  test('a sink that fails breaks the transfer off, and is what is told', async () => {
    await using at = await open({});
    const sink = {
      async write() {
        throw new Error('no room here');
      },
    };
    await expect(at.lane.read(p('a'), sink)).rejects.toThrow('no room here');
    await inStep(at.lane);
  });
});

describe('the way to the data', () => {
  test('PASV where EPSV is not known; the host it names is never dialled', async () => {
    const PASV: Script['PASV'] = async (visit) => {
      const port = await visit.listen();
      visit.send(`227 ok (10,9,8,7,${port >> 8},${port & 255})`);
    };
    await using at = await open({ EPSV: '500 what', PASV });
    const into = collector();
    await at.lane.read(p('a'), into);
    await at.lane.read(p('b'), into);
    expect(into.text).toBe('contentcontent');
    // Found out once.
    expect(at.server.commands.filter((line) => line === 'EPSV')).toHaveLength(1);
  });

  test.each(['229 Entering Extended Passive Mode', '229 ok (|||99999|)', '229 (127,0,0,1,7,8)'])(
    'PASV where the answer to EPSV names no port: %s',
    async (EPSV) => {
      const PASV: Script['PASV'] = async (visit) => {
        const port = await visit.listen();
        visit.send(`227 ok (127,0,0,1,${port >> 8},${port & 255})`);
      };
      await using at = await open({ EPSV, PASV });
      const into = collector();
      await at.lane.read(p('a'), into);
      await at.lane.read(p('b'), into);
      expect(into.text).toBe('contentcontent');
      expect(at.server.commands.filter((line) => line === 'EPSV')).toHaveLength(1);
    },
  );

  test('a port out of range is no port', async () => {
    await using at = await open({ EPSV: '229 ok (|||99999|)' });
    await expect(at.lane.read(p('a'), collector())).rejects.toThrow('names no port');
    await inStep(at.lane);
  });

  test('nobody listens: said so, and the session lives', async () => {
    await using at = await open({ EPSV: '229 ok (|||1|)', PASV: '502 no' });
    await expect(at.lane.read(p('a'), collector())).rejects.toThrow(/try mode active|PASV/);
    await inStep(at.lane);
  });

  const dialled = (argument: string) => {
    const [a, b, c, d, high, low] = argument.split(',').map(Number);
    return { host: [a, b, c, d].join('.'), port: high! * 256 + low! };
  };

  test('active: the server dials where it is told', async () => {
    let port = 0;
    const script: Script = {
      PORT: (visit) => {
        port = dialled(visit.argument).port;
        visit.send('200 ok');
      },
      RETR: async (visit) => {
        visit.send('150 here');
        connect(port, '127.0.0.1').end('active');
        visit.send('226 done');
      },
    };
    await using at = await open(script, { mode: 'active' });
    const into = collector();
    await at.lane.read(p('a'), into);
    expect(into.text).toBe('active');
    expect(at.server.commands).not.toContain('EPSV');
  });

  test('active: a stranger who dials first is turned away', async () => {
    let port = 0;
    const script: Script = {
      PORT: (visit) => {
        port = dialled(visit.argument).port;
        visit.send('200 ok');
      },
      RETR: async (visit) => {
        visit.send('150 here');
        const stranger = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.9' });
        stranger.on('error', () => {});
        stranger.end('forged');
        await once(stranger, 'close');
        connect(port, '127.0.0.1').end('genuine');
        visit.send('226 done');
      },
    };
    await using at = await open(script, { mode: 'active' });
    const into = collector();
    await at.lane.read(p('a'), into);
    expect(into.text).toBe('genuine');
  });

  test.each<[string, Script]>([
    ['PORT is refused', { PORT: '500 no' }],
    ['the command is refused', { PORT: '200 ok', RETR: '550 no' }],
    ['the server cannot get through', { PORT: '200 ok', RETR: '425 cannot' }],
  ])('active: %s: told at once, and nobody listens any more', async (_name, script) => {
    // Dialling the port would not tell: somebody else may have it by now.
    const listeners = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
    let during = 0;
    const PORT: Script['PORT'] = (visit) => {
      during = listeners();
      visit.send(script.PORT as string);
    };
    await using at = await open({ ...script, PORT }, { mode: 'active' });
    const before = listeners();
    await expect(at.lane.read(p('a'), collector())).rejects.toThrow(ReplyError);
    await inStep(at.lane);
    expect(during).toBe(before + 1);
    await expect.poll(listeners).toBe(before);
  });

  test('auto: active where passive does not get through', async () => {
    let port = 0;
    const script: Script = {
      EPSV: '502 no',
      PASV: '502 no',
      PORT: (visit) => {
        port = dialled(visit.argument).port;
        visit.send('200 ok');
      },
      RETR: async (visit) => {
        visit.send('150 here');
        connect(port, '127.0.0.1').end('active');
        visit.send('226 done');
      },
    };
    await using at = await open(script, { mode: 'auto' });
    const into = collector();
    await at.lane.read(p('a'), into);
    expect(into.text).toBe('active');
  });
});
