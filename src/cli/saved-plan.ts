/** A plan as a file: written by `plan -o`, read by `apply`. What is read is checked, whoever wrote it. */
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import {
  ConfigError,
  LocalError,
  type Plan,
  printable,
  type RelPath,
  systemReason,
  toRelPath,
  writeReason,
} from '../model/index.ts';

/** The saved-plan form: JSON that people can review, one action a line. */
export function planForm({ actions, ...rest }: Plan): string {
  const lines = actions.map((action) => `\n    ${JSON.stringify(action)}`);
  const head = JSON.stringify(rest, undefined, 2).replace(/\n}$/, '');
  return `${head},\n  "actions": [${lines.join(',')}${lines.length > 0 ? '\n  ' : ''}]\n}`;
}

/** @throws LocalError where the file cannot be written. */
export async function savePlan(file: string, plan: Plan): Promise<void> {
  try {
    await writeFile(file, `${planForm(plan)}\n`);
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    const why = writeReason(error);
    throw new LocalError(`the plan could not be saved to ${printable(file)}: ${why}`, code, { cause: error });
  }
}

/** @throws ConfigError for a file that is no plan, or one of another version. */
export async function readPlan(file: string): Promise<Plan> {
  const refuse = (why: string, cause?: unknown) =>
    new ConfigError(`${printable(file)} is not a plan that can be applied: ${why}`, { cause });
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'does not exist; "ferry plan -o FILE" makes one'
        : `could not be read: ${systemReason(error)}`;
    throw new ConfigError(`the plan ${printable(file)} ${why}`, { cause: error });
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw refuse('it is not JSON; "ferry plan -o FILE" makes one', error);
  }
  const version = (data as { version?: unknown } | null)?.version;
  if (version !== PLAN_VERSION) {
    throw refuse(`its version is ${printable(String(version))}, and this ferry knows ${PLAN_VERSION}`);
  }
  const read = planSchema.safeParse(data);
  if (read.success) return read.data as Plan;
  const [issue] = read.error.issues;
  throw refuse(`${issue?.path.join('.')}: ${issue?.message}`, read.error);
}

// Every path goes through the one constructor, so that an edited plan cannot point outside the pair either.
const relPath = z.string().transform((text, context): RelPath => {
  try {
    return toRelPath(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});
const ofAPath = relPath.refine((path) => path !== '', 'the whole folder cannot be named here');
const side = z.enum(['local', 'remote']);
const stamp = z.string().optional();
const bytes = z.int().nonnegative();
const fingerprint = z.strictObject({
  size: bytes,
  stamps: z.strictObject({ stat: stamp, mlst: stamp, mdtm: stamp, list: stamp, sha256: stamp }),
});
const step = { path: ofAPath, reason: z.string() };
const transfer = z.strictObject({
  ...step,
  action: z.enum(['upload', 'download']),
  size: bytes,
  source: fingerprint,
  replaces: fingerprint.nullable(),
  mtime: z.number().nullable(),
  mode: z.int().optional(),
  alias: ofAPath.optional(),
});
const mkdir = z.strictObject({ ...step, action: z.literal('mkdir'), side, alias: ofAPath.optional() });
const removal = z.strictObject({
  ...step,
  action: z.enum(['delete', 'replace']),
  side,
  alias: ofAPath.optional(),
  kind: z.enum(['file', 'directory']),
  expected: fingerprint,
});
const rename = z.strictObject({
  ...step,
  action: z.literal('rename'),
  directory: z.literal(true).optional(),
  side,
  from: ofAPath,
  expected: fingerprint,
  instead: z.array(z.discriminatedUnion('action', [transfer, mkdir, removal])).optional(),
});
const action = z.discriminatedUnion('action', [transfer, mkdir, removal, rename]);

/** Of the saved-plan form. */
export const PLAN_VERSION = 1;

/** Published as `schemas/plan-1.json`. */
export const planSchema = z.strictObject({
  version: z.literal(PLAN_VERSION),
  job: z.string(),
  direction: z.enum(['push', 'pull', 'sync']),
  local: z.string(),
  remote: z.string(),
  madeAt: z.string(),
  actions: z.array(action),
  conflicts: z.array(z.strictObject({ path: ofAPath, local: fingerprint.nullable(), remote: fingerprint.nullable() })),
  problems: z.array(z.strictObject({ path: relPath, side, code: z.string(), message: z.string() })),
  untouched: z.strictObject({ unchanged: bytes, sameBySize: bytes, kept: bytes }),
  guard: z.strictObject({ refused: z.boolean(), reasons: z.array(z.string()) }),
});
