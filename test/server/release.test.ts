import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { release } from '../../src/server/data/release.ts';

test('takes the memory of what stands alone in it', () => {
  const [one, other] = [Buffer.alloc(65_536), Buffer.alloc(10)];
  release([one, other]);
  expect([one.length, other.length]).toEqual([0, 0]);
  expect([one.buffer.byteLength, other.buffer.byteLength]).toEqual([0, 0]);
});

test('leaves what shares its memory with others', () => {
  const whole = randomBytes(100);
  const pooled = Buffer.from('from the pool');
  const part = Buffer.from(whole.buffer, whole.byteOffset + 1, 50);
  release([part, pooled, Buffer.alloc(0)]);
  expect([part.length, whole.length, pooled.toString()]).toEqual([50, 100, 'from the pool']);
});
