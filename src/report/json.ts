/** The event stream as data: one JSON object a line, `type` and `time` first. */
import { EVENTS_VERSION, type RunEvent } from '../model/index.ts';
import type { Mask, Output, Reporter } from './reporter.ts';
import { gatheringSinkTo } from './sink.ts';

// Words of the event vocabulary; a password that happens to be one of them must not break whoever reads the stream.
const VOCABULARY = new Set([
  'type',
  'time',
  'action',
  'side',
  'status',
  'phase',
  'direction',
  'code',
  'reason',
  'hook',
]);

export function jsonReporter(stream: Output, mask: Mask): Reporter {
  // Masked value by value: in the finished line a secret could take a quote or a key with it.
  const sink = gatheringSinkTo(stream, (line) => line);
  const masked = (key: string, value: unknown) =>
    typeof value === 'string' && !VOCABULARY.has(key) ? mask(value) : value;
  const report = ({ type, time, ...rest }: RunEvent) => {
    const version = type === 'start' ? { version: EVENTS_VERSION } : {};
    sink.line(JSON.stringify({ type, time, ...version, ...rest }, masked));
  };
  return Object.assign(report, { close: sink.flush });
}
