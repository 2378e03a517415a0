/** Streams that remember what was written: a plain one, and a terminal that shows what a person would see. */
import type { Output } from '../../src/report/index.ts';

export interface Recorder extends Output {
  readonly text: () => string;
}

export function recorder(): Recorder {
  let text = '';
  return {
    isTTY: false,
    write: (more, done) => {
      text += more;
      done?.();
      return true;
    },
    text: () => text,
  };
}

export interface Terminal extends Output {
  /** The rows that were ever on the screen, blanks at the end cut. */
  rows(): string[];
  /** How often a text went over the right edge. */
  wraps(): number;
}

/** Knows the few control sequences that a progress bar needs; throws on any other. */
export function terminal(columns: number): Terminal {
  const rows: string[] = [''];
  let x = 0;
  let y = 0;
  let wraps = 0;
  const put = (character: string) => {
    if (x === columns) {
      wraps++;
      x = 0;
      y++;
    }
    while (rows.length <= y) rows.push('');
    const row = rows[y]!.padEnd(x);
    rows[y] = row.slice(0, x) + character + row.slice(x + 1);
    x++;
  };
  const control = (parameter: string, command: string) => {
    if (command === 'G') x = Number(parameter || 1) - 1;
    else if (command === 'K' && parameter === '0') rows[y] = rows[y]!.slice(0, x);
    else if (command === 'K' && parameter === '2') rows[y] = '';
    else if (command === 'J' && (parameter === '0' || parameter === '')) {
      rows[y] = rows[y]!.slice(0, x);
      rows.length = y + 1;
    } else if (command !== 'm') throw new Error(`unknown control sequence ${parameter}${command}`);
  };
  return {
    isTTY: true,
    columns,
    write(text, done) {
      for (const [token, parameter = '', command] of text.matchAll(/\x1b\[([\d;?]*)([A-Za-z])|[\s\S]/g)) {
        if (command) control(parameter, command);
        else if (token === '\n') {
          x = 0;
          y++;
          while (rows.length <= y) rows.push('');
        } else if (token === '\r') x = 0;
        else put(token);
      }
      done?.();
      return true;
    },
    rows: () => {
      const shown = rows.map((row) => row.trimEnd());
      while (shown.at(-1) === '') shown.pop();
      return shown;
    },
    wraps: () => wraps,
  };
}
