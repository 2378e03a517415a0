/** One line at the bottom of a terminal that is written over again and again, and the lines that appear above it. */
import type { Output } from './reporter.ts';

export interface StatusLine {
  show(text: string): void;
  /** Writes a text that ends in a line break, above the line where there is one. */
  write(text: string): boolean;
  /** Takes the line away. */
  stop(): void;
}

/** For everything that is not a terminal. */
export function noStatusLine(stream: Output): StatusLine {
  return { show: () => {}, write: (text) => stream.write(text), stop: () => {} };
}

export function statusLine(stream: Output): StatusLine {
  let shown = '';
  const clear = () => {
    if (shown !== '') stream.write('\r\x1b[0K');
  };
  return {
    show(text) {
      // The last column is left free: some terminals begin a new row as soon as it is taken.
      const line = text.slice(0, Math.max(0, (stream.columns ?? 80) - 1));
      if (line === shown) return;
      clear();
      stream.write(line);
      shown = line;
    },
    write(text) {
      clear();
      const written = stream.write(text);
      if (shown !== '') stream.write(shown);
      return written;
    },
    stop() {
      clear();
      shown = '';
    },
  };
}
