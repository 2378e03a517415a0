// Memory of what has arrived, given back as soon as it is written. Node allocates a new buffer for every read of an accepted
// connection (only one that is made can be told to reuse its own), and leaves it to the garbage collector: an upload then
// walks through memory that no cache holds, and has its heap marked again and again on its behalf. A buffer that is
// transferred is gone at once, and the next read gets the same memory.
import { MessageChannel } from 'node:worker_threads';

type Taker = (buffers: ArrayBuffer[]) => void;

const take: Taker = 'transfer' in ArrayBuffer.prototype ? byTransfer : toNowhere();

/** Takes the memory of chunks that nobody will look at again. They are empty afterwards. */
export function release(chunks: readonly Buffer[]): void {
  const buffers: ArrayBuffer[] = [];
  for (const { buffer, byteLength } of chunks) {
    // What shares its memory with others (Node's pool of small buffers) stays.
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0) buffers.push(buffer);
  }
  if (buffers.length > 0) take(buffers);
}

// ES2024, from Node 22 on.
function byTransfer(buffers: ArrayBuffer[]): void {
  for (const buffer of buffers) (buffer as ArrayBuffer & { transfer(bytes: number): ArrayBuffer }).transfer(0);
}

// A message to a port that is closed takes what is transferred with it, and goes nowhere.
function toNowhere(): Taker {
  const { port1 } = new MessageChannel();
  port1.close();
  return (buffers) => port1.postMessage(null, buffers);
}
