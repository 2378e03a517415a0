/** Telling: reporters consume events and nothing else. */
export { codeQualityOf, githubCommands } from './annotations.ts';
export { bytesText, counted, countText } from './bytes.ts';
export { type Paint, paint, wantsColor } from './color.ts';
export { createReporter, type ReporterOptions } from './create.ts';
export { durationText } from './duration.ts';
export { exitReason } from './exit-reason.ts';
export { LOG_LEVELS, type Log, type LogFormat, type LogLevel, type LogOptions, logReporter } from './log.ts';
export { markdownOf } from './markdown.ts';
export { type PlanTextOptions, planText } from './plan-text.ts';
export type { ColorChoice, Mask, Output, Reporter, Verbosity } from './reporter.ts';
export { Recorder, type RunRecord } from './run-record.ts';
export { type Sink, sinkTo } from './sink.ts';
export { summaryText } from './summary-text.ts';
export { tee } from './tee.ts';
export { type WatchReporterOptions, watchReporter } from './watch.ts';
