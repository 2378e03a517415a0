// Clients that are not ours: where they are, and how they are run.
import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installedPath } from '../servers/installed.ts';
import { folder } from './raw.ts';

/** The program's file: on PATH, or where .ci/install-servers has unpacked it. Undefined where it is not installed. */
export function programOf(name: string): string | undefined {
  const places = [
    ...(process.env.PATH ?? '').split(delimiter).map((path) => join(path, name)),
    installedPath(`usr/bin/${name}`),
  ];
  return places.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Says which client is missing, once; in CI the test that asks for it fails. */
export function have(...names: string[]): boolean {
  const missing = names.filter((name) => programOf(name) === undefined);
  if (missing.length > 0 && !process.env.CI)
    console.warn(`not tested with ${missing.join(', ')}: not installed (.ci/install-servers --peers)`);
  return missing.length === 0;
}

/** Runs a client to its end; answers what it printed on stdout. Rejects, with all that it said, unless it exits 0. */
export function run(
  name: string,
  parameters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const home = folder();
  return new Promise((resolve, reject) => {
    const child = execFile(
      programOf(name) ?? name,
      parameters,
      {
        env: { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...env },
        timeout: 60_000,
        maxBuffer: 1 << 24,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${name} ${parameters.join(' ')}: ${error.message}\n${stdout}\n${stderr}`));
      },
    );
    child.stdin?.end();
  });
}

/** A tree on the disk, as paths with their content (null for a folder without anything in it). */
export type Tree = Readonly<Record<string, string | null>>;

export function plant(root: string, tree: Tree): void {
  for (const [path, content] of Object.entries(tree)) {
    const file = join(root, path);
    mkdirSync(content === null ? file : join(file, '..'), { recursive: true });
    if (content !== null) writeFileSync(file, content, 'latin1');
  }
}

export function grown(root: string): Tree {
  const found: Record<string, string | null> = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(root.length + 1);
    if (entry.isFile()) found[path] = readFileSync(file, 'latin1');
    else if (entry.isDirectory() && readdirSync(file).length === 0) found[path] = null;
  }
  return found;
}
