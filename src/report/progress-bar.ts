/** The progress bar on a terminal, and the lines that appear above it while it is there. */
import { MultiBar } from 'cli-progress';
import { type Progress, progressLine, Speed } from './progress-line.ts';
import type { Output } from './reporter.ts';

export interface ProgressBar {
  /** `at` is the time of the event, in ms. */
  show(progress: Progress, at: number): void;
  /** Writes a text that ends in a line break, above the bar where there is one. */
  write(text: string): boolean;
  /** Takes the bar away. */
  stop(): void;
}

/** A stream with no bar, for everything that is not a terminal. */
export function noProgressBar(stream: Output): ProgressBar {
  return { show: () => {}, write: (text) => stream.write(text), stop: () => {} };
}

export function progressBar(stream: Output): ProgressBar {
  let bars: MultiBar | undefined;
  let speed = new Speed();
  let latest: Progress = { phase: 'scan', files: 0, filesTotal: 0, bytes: 0, bytesTotal: 0 };

  const start = () => {
    // `linewrap: true` leaves the terminal's wrapping alone: the lines above the bar may be longer than a row.
    bars = new MultiBar({
      stream: stream as NodeJS.WritableStream,
      format: (_options, { maxWidth }) => progressLine(latest, speed.perSecond, maxWidth - 1),
      clearOnComplete: true,
      linewrap: true,
      forceRedraw: true,
      fps: 10,
    });
    bars.create(1, 0);
  };
  return {
    show(progress, at) {
      if (progress.phase !== latest.phase) speed = new Speed();
      latest = progress;
      speed.add(at, progress.bytes);
      if (!bars) start();
    },
    write(text) {
      if (!bars) return stream.write(text);
      bars.log(text);
      return true;
    },
    stop() {
      // The last lines wait for a redraw, and stopping does not make one.
      bars?.update();
      bars?.stop();
      bars = undefined;
    },
  };
}
