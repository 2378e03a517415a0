/** The last place before a stream: every known secret is taken out here, whoever wrote it. */
import type { Mask, Output } from './reporter.ts';

export interface Sink {
  /** Writes one line; the line break is added. */
  line(text: string): void;
  /** Resolves once what was written has left the process, or cannot any more. */
  flush(): Promise<void>;
}

export function sinkTo(stream: Output, mask: Mask): Sink {
  return {
    line: (text) => {
      stream.write(`${mask(text)}\n`);
    },
    flush: () => new Promise((resolve) => void stream.write('', () => resolve())),
  };
}

/** As {@link sinkTo}, but with one write for all lines of one turn of the event loop: thousands of events are few writes. */
export function gatheringSinkTo(stream: Output, mask: Mask): Sink {
  const sink = sinkTo(stream, (text) => text);
  let lines: string[] = [];
  const pass = () => {
    if (lines.length > 0) sink.line(lines.join('\n'));
    lines = [];
  };
  return {
    line: (text) => {
      if (lines.length === 0) setImmediate(pass);
      lines.push(mask(text));
    },
    flush: () => {
      pass();
      return sink.flush();
    },
  };
}
