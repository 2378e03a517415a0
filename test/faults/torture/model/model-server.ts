/** Our FTP server on a disk in memory, behind a relay that loses, refuses and counts commands; see `scripted-server.ts`. */
import net from 'node:net';
import { FtpServer } from '../../../../src/server/index.ts';
import type { AnyServer } from '../../../servers/every-server.ts';
import { type Fault, relay } from '../../scripted-server.ts';
import type { MemoryDisk } from './memory-disk.ts';
import type { Profile } from './profiles.ts';
import type { WireFault } from './steps.ts';

interface Armed {
  readonly fault: Fault;
  passed: number;
  used: number;
}

/**
 * Below those that the system hands out: thousands of connections linger, and the kernel's search for a port that is free
 * would take half of all time.
 */
const DATA_PORTS: [number, number] = [10_000, 31_999];

export class ModelServer {
  /** Every command since {@link begin}, as it arrived. */
  readonly commands: string[] = [];
  /** What happens at a command before it is carried out; it may say what becomes of the command itself. */
  onCommand: (index: number, line: string) => Fault['does'] | undefined = () => undefined;
  private readonly server: FtpServer;
  private readonly proxy: net.Server;
  private readonly sockets = new Set<net.Socket>();
  private armed: Armed[] = [];
  private out = false;
  private address!: net.AddressInfo;

  private constructor(disk: MemoryDisk, profile: Profile) {
    this.server = new FtpServer({
      users: [{ name: 'tester', password: 'geheim-42', home: '/' }],
      fileSystem: disk.fileSystem,
      passivePorts: DATA_PORTS,
      ...profile.options,
    });
    this.proxy = net.createServer((client) => {
      if (this.out) return void client.resetAndDestroy();
      const far = net.connect(this.far);
      for (const socket of [client, far]) {
        this.sockets.add(socket);
        // Two lines in a row are not held back until the first is acknowledged.
        socket.setNoDelay(true);
        socket.on('close', () => this.sockets.delete(socket));
        socket.on('error', () => undefined);
      }
      relay(client, far, (line) => this.faultFor(line));
    });
  }

  private far!: { readonly host: string; readonly port: number };

  static async start(disk: MemoryDisk, profile: Profile): Promise<ModelServer> {
    const model = new ModelServer(disk, profile);
    model.far = await model.server.listen();
    await new Promise<void>((done) => model.proxy.listen(0, '127.0.0.1', done));
    model.address = model.proxy.address() as net.AddressInfo;
    return model;
  }

  get access(): AnyServer {
    return {
      name: 'ours',
      host: '127.0.0.1',
      port: this.address.port,
      user: 'tester',
      password: 'geheim-42',
      root: '/',
      tls: 'none',
      ca: '',
      log: () => this.commands.join('\n'),
      stop: () => this.stop(),
    };
  }

  begin(faults: readonly WireFault[]): void {
    this.commands.length = 0;
    this.out = false;
    this.armed = faults.map(({ on, after, times, does }) => ({
      fault: { on: new RegExp(`^${on}( |$)`), after, times, does },
      passed: 0,
      used: 0,
    }));
  }

  /** Nobody can reach it any more; what it was told before it still does. */
  cutOff(): void {
    this.out = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Whether nothing is under way any more, after at most so many ms. */
  async settled(patience: number): Promise<boolean> {
    this.armed = [];
    const until = performance.now() + patience;
    while (this.server.connections > 0 && performance.now() < until) {
      await new Promise((done) => setTimeout(done, 1));
    }
    return this.server.connections === 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.proxy.close(done));
    await this.server.close(0);
  }

  private faultFor(line: string): Fault | undefined {
    this.commands.push(line);
    const does = this.onCommand(this.commands.length, line);
    if (does !== undefined) return { on: /./, does };
    for (const one of this.armed) {
      const { on, times = 1, after = 0 } = one.fault;
      if (!on.test(line) || one.used >= times) continue;
      if (one.passed++ < after) continue;
      one.used++;
      return one.fault;
    }
    return undefined;
  }
}
