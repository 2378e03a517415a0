// Puts a distance before a server: starts the stand-in (distant.ts) and talks to it.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Count, Line, Order } from './distant.ts';

export interface Distance {
  readonly host: string;
  /** ms; 0 until it is set, so that what has to be there before can be put there quickly. */
  setRoundTrip(ms: number): Promise<void>;
  restartCount(): Promise<void>;
  count(): Promise<Count>;
  close(): Promise<void>;
}

type Answer = { ready: true } | { failed: string } | { count: Count };

export async function distanceTo(server: { host: string; port: number }, data: [number, number]): Promise<Distance> {
  // Beside this file, under the ending that this file has.
  const program = fileURLToPath(import.meta.url).replace(/distance(\.\w+)$/, 'distant$1');
  const child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ask = async (order: Order): Promise<Answer> => {
    child.send(order);
    const [answer] = (await once(child, 'message')) as [Answer];
    if ('failed' in answer) {
      child.disconnect();
      throw new Error(`The distant server could not be made: ${answer.failed}`);
    }
    return answer;
  };
  const line: Line = { listen: '127.0.0.2', to: server.host, control: server.port, data };
  await ask({ line });
  return {
    host: line.listen,
    setRoundTrip: async (roundTrip) => void (await ask({ roundTrip })),
    restartCount: async () => void (await ask({ count: 'restart' })),
    async count() {
      const answer = await ask({ count: 'tell' });
      return (answer as { count: Count }).count;
    },
    async close() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
