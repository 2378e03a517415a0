/** What is left of TLS on a control connection that has gone back to plain text is no part of any reply. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { Wire } from '../../src/ftp/wire.ts';

async function pair(): Promise<[ours: Socket, theirs: Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ours = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [theirs] = (await once(server, 'connection')) as [Socket];
  server.close();
  onTestFinished(() => {
    ours.destroy();
    theirs.destroy();
  });
  return [ours, theirs];
}

const record = (type: number, body: number[]): Buffer => Buffer.from([type, 3, 3, 0, body.length, ...body]);
const ALERT = record(21, [1, 0]);
const TICKET = record(
  23,
  Array.from({ length: 200 }, (_, at) => at),
);

test('records that come after TLS are left out, wherever they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(250), { maxLength: 4 }), async (cuts) => {
      const [ours, theirs] = await pair();
      const wire = new Wire(ours).handOver(true);
      const all = Buffer.concat([ALERT, TICKET, Buffer.from('200 plain\r\n')]);
      const places = [0, ...cuts.sort((a, b) => a - b), all.length];
      theirs.setNoDelay(true);
      for (let at = 1; at < places.length; at += 1) {
        theirs.write(all.subarray(places[at - 1], places[at]));
        await new Promise(setImmediate);
      }
      theirs.end();
      const got: Buffer[] = [];
      for await (const chunk of wire) got.push(chunk as Buffer);
      expect(Buffer.concat(got).toString()).toBe('200 plain\r\n');
    }),
    { numRuns: 20 },
  );
});

test('what was handed over may close without closing the connection', async () => {
  const [ours, theirs] = await pair();
  const before = new Wire(ours);
  const after = before.handOver();
  before.end('last words ');
  await once(before, 'finish');
  before.destroy();
  after.end('and first');
  const heard: Buffer[] = [];
  for await (const chunk of theirs) heard.push(chunk as Buffer);
  expect(Buffer.concat(heard).toString()).toBe('last words and first');
});

test('a connection that breaks is told to whoever has it now', async () => {
  const [ours, theirs] = await pair();
  const wire = new Wire(ours).handOver();
  const failed = once(wire, 'error');
  theirs.resetAndDestroy();
  expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  expect(wire.destroyed).toBe(true);
});
