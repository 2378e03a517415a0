/**
 * Our FTP server behind a proxy that lies in its listings: what LIST and MLSD send is bent on its way, and so is the
 * reply that ends it. Plain text only; everything else passes as it is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FtpServer, type ServerOptions } from '../../src/server/index.ts';
import type { AnyServer } from '../servers/every-server.ts';

/** What becomes of one listing. */
export interface Lie {
  /** Which listings: by what the server says is in them. */
  readonly on: (listing: string) => boolean;
  /** What is sent in its place, one character a byte. */
  readonly tells?: (listing: string) => string;
  /** How the data connection ends: cleanly unless said. */
  readonly ends?: 'reset';
  /** In the place of the reply that ends the transfer; each line without its line end. */
  readonly reply?: (said: string) => string;
  /** Ends the control connection in the place of that reply. */
  readonly drops?: boolean;
}

export interface LyingServer extends AnyServer {
  /** From now on every listing that the lie is on is bent. Undefined: the truth again. */
  lie(lie: Lie | undefined): void;
  /** How often it lied since {@link lie} was called. */
  readonly lied: number;
}

export async function lyingServer(options: Partial<ServerOptions> = {}): Promise<LyingServer> {
  const root = mkdtempSync(join(tmpdir(), 'ferry-test-lying-'));
  const [user, password] = ['tester', 'geheim-42'];
  const server = new FtpServer({ users: [{ name: user, password, home: root }], ...options });
  const { host, port } = await server.listen();
  const sockets = new Set<net.Socket>();
  const listeners = new Set<net.Server>();
  let lie: Lie | undefined;
  let lied = 0;
  const keep = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    return socket;
  };

  const proxy = net.createServer((client) => {
    const far = keep(net.connect({ host, port }));
    keep(client);
    /** The transfer that was asked for last, and the lie that it came to. */
    let command = '';
    let told: Lie | undefined;
    let bending: Promise<void> | undefined;

    /** Stands between the two ends of one data connection. */
    const between = (dataPort: number): Promise<number> =>
      new Promise((ready) => {
        const listener = net.createServer({ allowHalfOpen: true }, (near) => {
          listener.close();
          const there = keep(net.connect({ host, port: dataPort, allowHalfOpen: true }));
          keep(near);
          near.on('data', (chunk) => there.write(chunk));
          near.on('end', () => there.end());
          const pieces: Buffer[] = [];
          let ended!: () => void;
          const settled = new Promise<void>((done) => {
            ended = done;
          });
          bending = settled;
          there.on('close', () => ended());
          near.on('close', () => there.destroy());
          there.on('data', (chunk: Buffer) => {
            if (/^(LIST|MLSD)/.test(command)) pieces.push(chunk);
            else near.write(chunk);
          });
          there.on('end', () => {
            const listing = Buffer.concat(pieces).toString('latin1');
            told = /^(LIST|MLSD)/.test(command) && lie?.on(listing) ? lie : undefined;
            if (told) lied++;
            const text = told?.tells ? told.tells(listing) : listing;
            const finish = () => {
              if (told?.ends === 'reset') near.resetAndDestroy();
              else near.end();
              ended();
            };
            if (text.length === 0) finish();
            else near.write(text, 'latin1', finish);
          });
        });
        listeners.add(listener);
        listener.on('close', () => listeners.delete(listener));
        listener.listen(0, '127.0.0.1', () => ready((listener.address() as net.AddressInfo).port));
      });

    lines(client, (line) => {
      if (/^(LIST|MLSD|RETR|STOR|APPE|NLST)/.test(line)) command = line;
      far.write(`${line}\r\n`, 'latin1');
    });
    let turn: Promise<void> = Promise.resolve();
    lines(far, (line) => {
      // One after the other: what opens or ends a data connection takes a moment.
      turn = turn.then(async () => {
        const passive = /^229 .*\(\|\|\|(\d+)\|\)/.exec(line);
        if (passive) {
          const ours = await between(Number(passive[1]));
          client.write(`${line.replace(`|${passive[1]}|`, `|${ours}|`)}\r\n`, 'latin1');
          return;
        }
        if (/^(226|250) /.test(line) && bending) {
          await bending;
          bending = undefined;
          const [by, reply] = [told, told?.reply];
          told = undefined;
          if (by?.drops) {
            client.destroy();
            far.destroy();
            return;
          }
          client.write(`${reply ? reply(line) : line}\r\n`, 'latin1');
          return;
        }
        client.write(`${line}\r\n`, 'latin1');
      });
    });
    client.on('close', () => far.destroy());
    far.on('close', () => turn.then(() => client.destroy()));
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  return {
    name: 'ours',
    host: '127.0.0.1',
    port: (proxy.address() as net.AddressInfo).port,
    user,
    password,
    root,
    tls: 'none',
    ca: '',
    lie: (next) => {
      lie = next;
      lied = 0;
    },
    get lied() {
      return lied;
    },
    log: () => '',
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      for (const listener of listeners) listener.close();
      await new Promise((done) => proxy.close(done));
      await server.close(0);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function lines(socket: net.Socket, tell: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\r\n');
    rest = parts.pop()!;
    for (const part of parts) tell(part);
  });
}
