/**
 * The order of commands and replies on one control connection. Commands issued in the same tick travel in one flight,
 * replies are matched to them in order, and every wait for a reply has a deadline.
 *
 * A section is a stretch in which only its own commands are sent: what was issued before it goes out before, what is
 * issued meanwhile waits and then travels together. Transfers are sections, as nothing may follow a STOR or RETR until
 * its final reply (ProFTPD answers 450, Pure-FTPd 500, pyftpdlib closes the data connection).
 */
import { type FerryError, LostError, ProtocolError } from '../model/errors.ts';
import { type Control, masked } from './control.ts';
import type { Reply } from './reply.ts';

/** Most commands and bytes that are unanswered at once: ProFTPD garbled its replies with 22 kB outstanding. */
const MOST_COMMANDS = 128;
const MOST_BYTES = 2048;

/** Replies that answer one command only. Seen on another, the server has lost count. */
const BELONGS: Readonly<Record<number, RegExp>> = {
  125: /^(STOR|STOU|APPE|RETR|LIST|MLSD|NLST)/,
  150: /^(STOR|STOU|APPE|RETR|LIST|MLSD|NLST)/,
  213: /^(SIZE|MDTM|MFMT|MFF|MFCT|STAT|HASH|MLST|SITE|X)/,
  221: /^QUIT/,
  227: /^PASV/,
  229: /^EPSV/,
  234: /^AUTH/,
  257: /^X?(PWD|MKD)/,
  331: /^USER/,
  332: /^(USER|PASS)/,
  350: /^(REST|RNFR)/,
};

/** Commands whose end is told by 226, or 250 (RFC 959, 5.4), which some servers send twice. */
const TRANSFER = /^(STOR|STOU|APPE|RETR|LIST|MLSD|NLST)\b/;

/** Commands that are never answered with 250, whatever their end. */
const NEVER_250 = /^(SIZE|RNFR|REST)\b/;

/** What only the end of a transfer is told with. Without that, 250 is how most commands succeed, some in the same words. */
const OF_TRANSFERS = /\b(transfer|transferred|received|sent|bytes)\b/i;

/** Commands that succeed by one reply only. */
const SUCCEEDS: Readonly<Record<string, number>> = { EPSV: 229, PASV: 227 };

export interface SendOptions {
  /** Told of 1xx replies; returns whether it is, for once, the final one. */
  readonly onPreliminary?: (reply: Reply) => boolean;
  /** ms to wait for this reply, instead of the usual. */
  readonly timeout?: number;
  /** Whether any code may answer: for a command that the caller knows and this table does not. */
  readonly anyCode?: boolean;
  /** Whether a reply is the next command's already, this one having gone without: ABOR, at times. */
  readonly isNext?: (reply: Reply) => boolean;
  /** Told of the final reply at once, before anything that has come along with it is looked at. */
  readonly onFinal?: (reply: Reply) => void;
}

export type Send = (command: string, options?: SendOptions) => Promise<Reply>;

interface Command {
  readonly command: string;
  readonly line: string;
  readonly options: SendOptions | undefined;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: FerryError) => void;
}

interface Section {
  readonly begin: () => void;
  readonly reject: (error: FerryError) => void;
}

export interface PipelineOptions {
  /** ms to wait for a reply. */
  readonly replyTimeout: number;
  /** How many commands may be unanswered at once. */
  readonly window: () => number;
  /** Counts what is sent. */
  readonly onSent: (commands: number) => void;
  /** The server answered something that cannot be the answer. */
  readonly onGarbled: () => void;
  /** Called once, when the connection is gone. */
  readonly onLost: (error: FerryError) => void;
}

export class Pipeline {
  readonly #control: Control;
  readonly #options: PipelineOptions;
  readonly #waiting: (Command | Section)[] = [];
  /** Commands of the section that is open; undefined while none is. */
  #inner: Command[] | undefined;
  readonly #outstanding: Command[] = [];
  #outstandingBytes = 0;
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #held = 0;
  /** The command that was answered last, and how. */
  #before: { readonly command: string; readonly reply: Reply } | undefined;
  /** The time that one command's reply was given in the end, which a 1xx to it does not change. */
  #granted: { readonly command: Command; readonly ms: number } | undefined;
  #lost: FerryError | undefined;

  constructor(control: Control, options: PipelineOptions) {
    this.#control = control;
    this.#options = options;
    control.onStray = (line) => this.#stray(line);
    // One task for the life of the connection: all replies and all errors of the context arrive here.
    control
      .handle(undefined, (response) => {
        if (response instanceof Error) this.fail(asLost(response));
        else this.#receive(response as Reply);
      })
      .catch(() => {});
  }

  /** Why the connection is gone; undefined while it is not. */
  get lost(): FerryError | undefined {
    return this.#lost;
  }

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#inner === undefined && this.load === 0;
  }

  /** How many answers are awaited, or will be. */
  get load(): number {
    return this.#outstanding.length + this.#waiting.length + (this.#inner?.length ?? 0);
  }

  /** Waits for a reply that no command asks for: the greeting. */
  greeting(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      this.#outstanding.push({ command: 'the connection', line: '', options: undefined, resolve, reject });
      this.#arm();
    });
  }

  /** Sends a command in its turn; resolves with its final reply whatever the code, rejects when the connection is gone. */
  readonly send: Send = (command, options) => this.#enqueue(this.#waiting, command, options);

  /**
   * Runs `run` in a section of its own. `run` is called when its turn has come and must use the `send` it is given. It
   * may call `free` before it is through: what waits then travels, though its own last reply is still to come.
   */
  section<T>(run: (send: Send, free: () => void) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      const begin = () => {
        const inner: Command[] = [];
        this.#inner = inner;
        let open = true;
        const free = () => {
          if (!open) return;
          open = false;
          this.#inner = undefined;
          this.#schedule();
        };
        const send: Send = (command, options) => this.#enqueue(open ? inner : this.#waiting, command, options);
        run(send, free).then(resolve, reject).finally(free);
      };
      this.#waiting.push({ begin, reject });
      this.#schedule();
    });
  }

  /** Stops the clock for the reply while something else shows that the server is alive; returns what starts it again. */
  hold(): (timeout?: number) => void {
    this.#held += 1;
    this.#arm();
    let done = false;
    return (timeout) => {
      if (done) return;
      done = true;
      this.#held -= 1;
      this.#arm(timeout);
    };
  }

  /** Gives the connection up: everything unanswered is rejected with `error`. */
  fail(error: FerryError): void {
    if (this.#lost) return;
    this.#lost = error;
    clearTimeout(this.#timer);
    this.#control.closeWithError(error);
    for (const one of [...this.#outstanding, ...(this.#inner ?? []), ...this.#waiting]) one.reject(error);
    this.#outstanding.length = 0;
    this.#waiting.length = 0;
    this.#options.onLost(error);
  }

  #enqueue(queue: (Command | Section)[], command: string, options?: SendOptions): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      queue.push({ command, line: this.#control.encodeLine(command), options, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#lost) return;
    let flight = '';
    let count = 0;
    for (;;) {
      const queue = this.#inner ?? this.#waiting;
      const next = queue[0];
      if (!next) break;
      if ('begin' in next) {
        queue.shift();
        // Its first commands are queued before this returns, and join the flight.
        next.begin();
        continue;
      }
      const under = this.#outstanding.length;
      if (under >= Math.min(MOST_COMMANDS, this.#options.window())) break;
      if (under > 0 && this.#outstandingBytes + next.line.length > MOST_BYTES) break;
      queue.shift();
      this.#outstanding.push(next);
      this.#outstandingBytes += next.line.length;
      this.#control.log(`> ${masked(next.command)}`);
      flight += next.line;
      count += 1;
      if (under === 0) this.#arm();
    }
    if (count === 0) return;
    this.#options.onSent(count);
    this.#control.sendLines(flight);
  }

  #receive(reply: Reply): void {
    let head = this.#outstanding[0];
    if (head?.options?.isNext?.(reply) && this.#outstanding.length > 1) {
      this.#settle(head, reply);
      head = this.#outstanding[0];
    }
    if (!head) {
      // 421 may come at any time (RFC 959, 5.4); nothing else may.
      if (reply.code === 421) this.fail(new LostError(`the server closed the connection: ${reply.text}`));
      else this.#garbled(`the server sent '${reply.code} ${reply.text}' without being asked`);
      return;
    }
    if (!head.options?.anyCode && (!canAnswer(head.command, reply) || this.#repeats(head.command, reply))) {
      this.#garbled(`the server answered ${masked(head.command)} with '${reply.code} ${reply.text}'`);
      return;
    }
    if (reply.code < 200 && !head.options?.onPreliminary?.(reply)) {
      this.#arm();
      return;
    }
    this.#settle(head, reply);
    this.#arm();
    if (reply.code === 421) this.fail(new LostError(`the server closed the connection: ${reply.text}`));
    else if (this.#waiting.length > 0 || this.#inner?.length) this.#schedule();
  }

  /**
   * Whether it is the end of the transfer before, once more.
   * LIMIT: 250 in words that could answer the next command as well is taken for its answer.
   */
  #repeats(command: string, { code, message, text }: Reply): boolean {
    const before = this.#before;
    if (!before || !TRANSFER.test(before.command) || TRANSFER.test(command)) return false;
    if (code === 226) return !command.startsWith('ABOR');
    if (code !== 250) return false;
    return NEVER_250.test(command) || (message === before.reply.message && OF_TRANSFERS.test(text));
  }

  #settle(head: Command, reply: Reply): void {
    this.#outstanding.shift();
    this.#before = { command: head.command, reply };
    this.#outstandingBytes -= head.line.length;
    head.options?.onFinal?.(reply);
    head.resolve(reply);
  }

  /** A line that is no reply: harmless, unless it is the torn half of one of several. */
  #stray(line: string): void {
    this.#control.log(`< ${line}`);
    if (this.#outstanding.length > 1) this.#garbled('the server sent a line that is no reply');
  }

  #garbled(message: string): void {
    this.#options.onGarbled();
    this.fail(new ProtocolError(message));
  }

  /** The clock runs for the reply that is due next. */
  #arm(timeout?: number): void {
    clearTimeout(this.#timer);
    const head = this.#outstanding[0];
    if (!head || this.#held > 0) return;
    if (timeout !== undefined) this.#granted = { command: head, ms: timeout };
    const granted = this.#granted?.command === head ? this.#granted.ms : undefined;
    const ms = granted ?? head.options?.timeout ?? this.#options.replyTimeout;
    this.#timer = setTimeout(() => {
      this.fail(new LostError(`the server did not answer ${masked(head.command)} within ${Math.round(ms / 1000)} s`));
    }, ms);
  }
}

function canAnswer(command: string, { code, ok }: Reply): boolean {
  if (BELONGS[code]?.test(command) === false) return false;
  return !ok || (SUCCEEDS[command] ?? code) === code;
}

function asLost(error: Error): FerryError {
  if (error instanceof LostError || error instanceof ProtocolError) return error;
  return new LostError(`the control connection was lost: ${error.message}`, { cause: error });
}
