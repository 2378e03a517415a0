/** The data a verb hands out on stdout, to a reader that may have had enough at any time (`ferry ls | head`). */
import { secretsMask } from '../config/index.ts';

export interface DataOutput {
  /** Writes one line; the line break is added, secrets are taken out. */
  line(text: string): void;
  /** Writes bytes as they are; resolves when there is room for more. */
  bytes(chunk: Uint8Array): Promise<void>;
  /** Ends the line that bytes have left open on a terminal: a prompt would be written over it. */
  endLine(): void;
  /** Aborted once nobody reads any more: what only produces lines can stop. */
  readonly closed: AbortSignal;
  /** Why lines got lost, other than by a reader that had enough. */
  readonly failure: Error | undefined;
}

const LINE_FEED = 0x0a;

/** Takes the stream's errors upon itself: a reader that went away is no reason for a run to end. */
export function dataOutput(stream: NodeJS.WriteStream): DataOutput {
  const controller = new AbortController();
  let failure: Error | undefined;
  let open = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && failure === undefined) {
      failure = error;
      process.stderr.write(`ferry: the output could not be written (${error.code ?? error.message})\n`);
    }
    controller.abort();
  });
  process.stderr.on('error', () => {});
  return {
    line(text) {
      if (!controller.signal.aborted) stream.write(`${secretsMask().mask(text)}\n`);
    },
    bytes(chunk) {
      if (controller.signal.aborted) return Promise.reject(new Error('nobody reads any more'));
      open = chunk.at(-1) !== LINE_FEED;
      return new Promise((resolve, reject) => {
        stream.write(Buffer.from(chunk), (error) => (error ? reject(error) : resolve()));
      });
    },
    endLine() {
      if (open && stream.isTTY && !controller.signal.aborted) stream.write('\n');
      open = false;
    },
    closed: controller.signal,
    get failure() {
      return failure;
    },
  };
}

/** Resolves once all that was written has left the process, or cannot any more. */
export async function flushed(): Promise<void> {
  const drained = (stream: NodeJS.WriteStream) =>
    new Promise<void>((resolve) => {
      if (stream.destroyed || !stream.writable) resolve();
      else stream.write('', () => resolve());
    });
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
}
