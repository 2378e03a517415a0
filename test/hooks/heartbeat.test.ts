/** The heartbeat's request: when it counts as heard, and when it is tried again. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { beat } from '../../src/hooks/heartbeat.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A monitor that answers as listed, one after another; the last one for ever. */
async function monitor(...answers: ((response: ServerResponse) => void)[]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answers[Math.min(asked.length, answers.length) - 1]?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/4711`, asked };
}

const status = (code: number) => (response: ServerResponse) => void response.writeHead(code).end('OK');
const silence = () => {};
const cut = (response: ServerResponse) => void response.destroy();

const quickly = { pause: 1, timeout: 300, env: {} };

test.each([
  ['heard at once', [status(200)], undefined, 1],
  ['heard after an outage', [status(503), status(200)], undefined, 2],
  ['heard after a cut', [cut, status(204)], undefined, 2],
  ['an outage that lasts', [status(500)], /^answered 500$/, 3],
  ['an address that it does not know', [status(404)], /^answered 404$/, 1],
  ['no answer', [silence], /^did not answer in time$/, 3],
] as const)('%s', async (_, answers, why, times) => {
  const { url, asked } = await monitor(...answers);
  const said = await beat(url, quickly);
  if (why === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(why);
  expect(asked).toEqual(Array(times).fill('GET /ping/4711'));
});

test('nobody there', async () => {
  const { url } = await monitor(status(200));
  await new Promise((resolve) => server.close(resolve));
  expect(await beat(url, quickly)).toMatch(/^could not be reached \(ECONNREFUSED\)$/);
});

test.each([
  [
    'names the way out where there is a proxy',
    { HTTPS_PROXY: 'http://proxy:3128' },
    /ECONNREFUSED\); it does not go through the proxy that HTTPS_PROXY names: .*"curl"/,
  ],
  ['not where the proxy is asked', { https_proxy: 'http://proxy:3128', NODE_USE_ENV_PROXY: '1' }, /ECONNREFUSED\)$/],
])('nobody there: it %s', async (_, env, said) => {
  const { url } = await monitor(status(200));
  await new Promise((resolve) => server.close(resolve));
  expect(await beat(url, { ...quickly, env })).toMatch(said);
});

test('a run that is stopped does not wait for it', async () => {
  const controller = new AbortController();
  const { url, asked } = await monitor(() => controller.abort());
  expect(await beat(url, { pause: 60_000, timeout: 60_000, signal: controller.signal })).toBeDefined();
  expect(asked).toHaveLength(1);
});
