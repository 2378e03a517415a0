/** Where the password of a server comes from. Nothing is read, run or asked before the first login wants it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, printable, systemReason } from '../model/index.ts';
import { fileAt } from './file-at.ts';
import { secretsMask } from './mask.ts';
import { type NetrcLogin, netrcLogin } from './netrc.ts';
import type { PasswordText } from './schema.ts';
import type { Surroundings } from './surroundings.ts';

export const ANONYMOUS = 'anonymous';
const COMMAND_DEADLINE = 60_000;
const COMMAND_OUTPUT = 64 * 1024;

/** Where a password is named. */
export interface Whence {
  /** For messages, such as `servers.web.password in sync.config.json`. */
  readonly place: string;
  /** Relative files are looked for here, and commands run here. */
  readonly folder: string;
  readonly surroundings: Surroundings;
}

export interface PasswordQuestion extends Whence {
  readonly user: string;
  readonly host: string;
  /** What the configuration or the URL gives; the other sources are asked where there is nothing. */
  readonly given: PasswordText | undefined;
}

/** A function that finds the password when it is first called, and masks it from then on. */
export function lazyPassword(question: PasswordQuestion): () => Promise<string> {
  // The text itself is known already, so it is masked already.
  if (typeof question.given === 'string') secretsMask().add(question.given);
  let answer: Promise<string> | undefined;
  return () => (answer ??= findPassword(question));
}

async function findPassword(question: PasswordQuestion): Promise<string> {
  const { given, user, host, place, surroundings } = question;
  const { env, ask } = surroundings;
  if (given !== undefined) return learnt(await givenPassword(given, question), place);
  if (user === ANONYMOUS) return 'anonymous@';
  if (env.FERRY_PASSWORD) return learnt(env.FERRY_PASSWORD, 'FERRY_PASSWORD');
  const login = await readNetrc(surroundings, host, user);
  if (login?.password !== undefined) return learnt(login.password, '~/.netrc');
  const who = `${printable(user)}@${printable(host)}`;
  if (ask) return learnt(await ask(`Password for ${who}: `), 'the answer');
  throw new ConfigError(
    `there is no password for ${who}: set FERRY_PASSWORD, or write { "env": "NAME" }, { "file": "PATH" } or ` +
      `{ "command": ["PROGRAM"] } at ${place}, or a line for ${printable(host)} in ~/.netrc`,
  );
}

/**
 * The password of somebody else, who may come and say it: nothing that this process sends. It is not masked in what is
 * printed, where a short one would blot out names; who uses it must not print it. Throws a ConfigError.
 */
export async function readSecret(given: PasswordText, whence: Whence): Promise<string> {
  const password = await givenPassword(given, whence);
  demandUsable(password, whence.place);
  return password;
}

async function givenPassword(given: PasswordText, whence: Whence): Promise<string> {
  const { place, folder, surroundings } = whence;
  if (typeof given === 'string') return given;
  if (given.env !== undefined) {
    const value = surroundings.env[given.env];
    if (value) return value;
    const state = value === undefined ? 'not set' : 'empty';
    throw new ConfigError(`the environment variable ${printable(given.env)}, named at ${place}, is ${state}`);
  }
  if (given.file !== undefined) {
    const file = fileAt(given.file, folder, surroundings.home);
    try {
      return withoutLineBreak(await readFile(file, 'utf8'));
    } catch (error) {
      const what = `the password file ${printable(file)}, named at ${place},`;
      throw new ConfigError(`${what} could not be read: ${systemReason(error)}`, { cause: error });
    }
  }
  return withoutLineBreak(await output(given.command ?? [], whence));
}

/** What a program prints; it gets no shell and no input, and a minute. */
function output([program = '', ...args]: readonly string[], { place, folder }: Whence): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, timeout: COMMAND_DEADLINE, maxBuffer: COMMAND_OUTPUT, windowsHide: true };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = stderr.trim().split('\n')[0];
      const why = error.killed
        ? `did not finish within ${COMMAND_DEADLINE / 1000} s`
        : typeof error.code === 'number'
          ? `ended with ${error.code}${said ? `: ${printable(said)}` : ''}`
          : `could not be run: ${error.code === 'ENOENT' ? 'there is no such program (ENOENT)' : systemReason(error)}`;
      // The error itself is not the cause: it repeats the whole command, and that may hold a secret.
      reject(new ConfigError(`the password command ${printable(program)} at ${place} ${why}`));
    });
    child.stdin?.end();
  });
}

/** The login for a host in `$NETRC` or `~/.netrc`; undefined where there is none, or no such file. */
export async function readNetrc(
  { env, home }: Surroundings,
  host: string,
  user?: string,
): Promise<NetrcLogin | undefined> {
  const file = env.NETRC || join(home, '.netrc');
  try {
    return netrcLogin(await readFile(file, 'utf8'), host, user);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ConfigError(`${printable(file)} could not be read: ${systemReason(error)}`, { cause: error });
  }
}

function learnt(password: string, source: string): string {
  secretsMask().add(password);
  demandUsable(password, source);
  return password;
}

function demandUsable(password: string, source: string): void {
  if (password === '') throw new ConfigError(`the password from ${source} is empty`);
  // It would end the PASS command and begin another one.
  if (/[\r\n\0]/.test(password)) throw new ConfigError(`the password from ${source} contains a line break`);
}

function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, '');
}
