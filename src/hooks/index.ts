/** Hooks: programs of the user's own that run around a job. */
export type { HookAbout, HookFacts } from './facts.ts';
export { agreeBut, type JobHookOptions, JobHooks } from './job-hooks.ts';
export { type HookOptions, runHook } from './run-hook.ts';
