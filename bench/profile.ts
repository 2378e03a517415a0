// Reads CPU profiles that Node has written, and says where the time went: by function, and by file.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

/** Self time, most first, of each of the newest `many` profiles in a folder, waiting left out. */
export function profilesIn(folder: string, already: ReadonlySet<string>, most = 25): { name: string; text: string }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile') && !already.has(name))
    .sort()
    .map((name) => ({ name, text: summary(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile, most) }));
}

function summary({ nodes, samples, timeDeltas }: Profile, most: number): string {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFunction = new Map<string, number>();
  const byFile = new Map<string, number>();
  let all = 0;
  let busy = 0;
  samples.forEach((id, at) => {
    const { functionName, url, lineNumber } = frames.get(id)!;
    const milliseconds = timeDeltas[at]! / 1000;
    all += milliseconds;
    if (functionName === '(idle)') return;
    busy += milliseconds;
    const file = shortened(url);
    add(byFunction, `${functionName || '(anonymous)'} ${file === '' ? '' : `${file}:${lineNumber + 1}`}`, milliseconds);
    add(byFile, file === '' ? functionName : file, milliseconds);
  });
  const lines = (title: string, map: Map<string, number>): string[] => [
    title,
    ...[...map]
      .sort(([, a], [, b]) => b - a)
      .slice(0, most)
      .map(
        ([name, time]) =>
          `  ${time.toFixed(0).padStart(6)} ms ${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`,
      ),
  ];
  const head = `busy ${(busy / 1000).toFixed(2)} s of ${(all / 1000).toFixed(2)} s on the main thread`;
  return [head, ...lines('by function', byFunction), ...lines('by file', byFile)].join('\n');
}

function add(map: Map<string, number>, name: string, time: number): void {
  map.set(name, (map.get(name) ?? 0) + time);
}

const shortened = (url: string): string => url.replace(/^.*\/(dist|node_modules)\//, '$1/').replace(/^node:/, 'node:');
