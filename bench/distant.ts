// A program: a loopback stand-in for a server that is far away. Each port of one address leads to the same port of
// another, and whatever is sent arrives half a round trip later. It is a process of its own, so that it keeps time while
// the bench is busy, and it counts what passes. Its parent tells it what to do over the channel that fork() makes.
//
// A handshake takes a real client one round trip before it may speak and a real server one and a half before it hears,
// so the first byte of a client, and the connection itself, come to the server after one and a half. A client that waits
// for its connection pays here no less than one that does not, as on a real line: what it says on the other connection
// meanwhile is answered when the data connection is there.
import { createServer, type Server, Socket } from 'node:net';
import { setPriority } from 'node:os';

export interface Line {
  readonly listen: string;
  readonly to: string;
  /** The port of control connections; all others are data connections. */
  readonly control: number;
  /** First and last data port. */
  readonly data: readonly [number, number];
}

export interface Count {
  readonly controlConnections: number;
  readonly dataConnections: number;
  /** Control connections, at most, at one time. */
  readonly mostControl: number;
  /** How often a client spoke on a control connection after it had heard something: its waits for an answer. */
  readonly turns: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Mean time in ms that something was passed on later than it should have been. */
  readonly lateness: number;
}

export type Order = { line: Line } | { roundTrip: number } | { count: 'restart' | 'tell' };

/** More than this on its way, in one direction of one connection, and the sender has to wait. */
const mostUnderWay = 8 << 20;

let half = 0;
let count = none();

function none() {
  return {
    controlConnections: 0,
    dataConnections: 0,
    mostControl: 0,
    turns: 0,
    bytesUp: 0,
    bytesDown: 0,
    passed: 0,
    late: 0,
  };
}

/** One direction of one connection. What is sent before `open()` waits for it. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #onArrival: () => void;
  readonly #underWay: { due: number; bytes: Buffer | null }[] = [];
  #bytes = 0;
  #openedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, onBytes: (bytes: number) => void, onArrival: () => void) {
    this.#from = from;
    this.#to = to;
    this.#onArrival = onArrival;
    from.on('data', (bytes) => {
      onBytes(bytes.length);
      this.#bytes += bytes.length;
      if (this.#bytes > mostUnderWay) from.pause();
      this.#put(bytes);
    });
    from.on('end', () => this.#put(null));
  }

  open(): void {
    this.#openedAt = performance.now();
    this.#wait();
  }

  #put(bytes: Buffer | null): void {
    this.#underWay.push({ due: performance.now() + half, bytes });
    this.#wait();
  }

  #wait(): void {
    const next = this.#underWay[0];
    if (this.#openedAt === undefined || next === undefined || this.#timer !== undefined) return;
    const left = next.due - performance.now();
    // Timers are exact to a millisecond: half of one too early is as wrong as half of one too late.
    if (left <= early) this.#deliver();
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#deliver();
      }, left - early);
    }
  }

  #deliver(): void {
    const now = performance.now();
    while (this.#underWay.length > 0 && this.#underWay[0]!.due <= now + early) {
      const { due, bytes } = this.#underWay.shift()!;
      count.passed += 1;
      count.late += now - Math.max(due, this.#openedAt!);
      if (bytes === null) this.#to.end();
      else {
        this.#bytes -= bytes.length;
        this.#onArrival();
        if (!this.#to.destroyed) this.#to.write(bytes);
      }
    }
    if (this.#bytes <= mostUnderWay) this.#from.resume();
    this.#wait();
  }
}

const early = 0.5;

let openControl = 0;

function carry(client: Socket, to: string, port: number, isControl: boolean): void {
  if (isControl) {
    count.controlConnections += 1;
    openControl += 1;
    count.mostControl = Math.max(count.mostControl, openControl);
  } else count.dataConnections += 1;

  const server = new Socket({ allowHalfOpen: true });
  server.setNoDelay(true);
  let heard = false;
  const there = new Pipe(
    client,
    server,
    (bytes) => {
      count.bytesUp += bytes;
      if (isControl && heard) count.turns += 1;
      heard = false;
    },
    () => {},
  );
  const back = new Pipe(
    server,
    client,
    (bytes) => {
      count.bytesDown += bytes;
    },
    () => {
      heard = true;
    },
  );
  back.open();
  setTimeout(() => {
    if (client.destroyed) return;
    // A socket that has not begun to connect drops what it is given.
    server.connect(port, to);
    there.open();
  }, 3 * half);

  client.once('close', (failed) => {
    if (isControl) openControl -= 1;
    if (failed) server.destroy();
  });
  server.once('close', (failed) => {
    if (failed) client.destroy();
  });
  client.on('error', () => server.destroy());
  // A refused or reset connection is heard of after the way back, too.
  server.on('error', () => setTimeout(() => client.resetAndDestroy(), half));
}

async function open({ listen, to, control, data: [first, last] }: Line): Promise<void> {
  const ports = [control, ...Array.from({ length: last - first + 1 }, (_, index) => first + index)];
  await Promise.all(
    ports.map((port) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
        carry(client, to, port, port === control),
      );
      return listening(server, port, listen);
    }),
  );
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: 511 }, resolve);
  });
}

function told(): Count {
  const { passed, late, ...rest } = count;
  return { ...rest, lateness: passed === 0 ? 0 : late / passed };
}

try {
  // A line keeps its time however busy the machines at its ends are.
  setPriority(-20);
} catch {
  // That is for root; how late the line was is told with the numbers.
}
process.on('message', (order: Order) => {
  if ('line' in order) {
    void open(order.line).then(
      () => process.send!({ ready: true }),
      (error: Error) => process.send!({ failed: error.message }),
    );
  } else if ('roundTrip' in order) {
    half = order.roundTrip / 2;
    process.send!({ ready: true });
  } else if (order.count === 'restart') {
    count = none();
    process.send!({ ready: true });
  } else process.send!({ count: told() });
});
// Without its parent it has no work.
process.once('disconnect', () => process.exit(0));
