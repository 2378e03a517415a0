/** Agreements as tests need them. */
import { type Agreement, toRelPath } from '../../src/model/index.ts';

export function agreed(path: string, size = 1, more: Partial<Agreement> = {}): Agreement {
  return {
    path: toRelPath(path),
    kind: 'file',
    local: { size, stamps: { stat: `1700000000000.25:${size}` } },
    remote: { size, stamps: { mlst: '20240101000000', list: '2024-01-01' } },
    ...more,
  };
}

export async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
