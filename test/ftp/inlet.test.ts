import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Inlet } from '../../src/ftp/inlet.ts';

/** Plays the socket: reads `count` numbered bytes into the buffer it is offered, as long as it may. */
function fed() {
  const inlet = new Inlet();
  let resumed = 0;
  let next = 0;
  let open = true;
  let offered = inlet.onread.buffer();
  inlet.resume = () => {
    resumed += 1;
    open = true;
  };
  const arrive = (count: number) => {
    if (!open) return 0;
    const n = Math.min(count, offered.length);
    for (let i = 0; i < n; i++) offered[i] = next++ % 251;
    open = inlet.onread.callback(n);
    offered = inlet.onread.buffer();
    return n;
  };
  return { inlet, arrive, resumed: () => resumed };
}

it('hands out what arrived, in order, whatever the sizes and whoever is ahead', () => {
  const step = fc.oneof(fc.integer({ min: 1, max: 300_000 }), fc.constant('take' as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { inlet, arrive } = fed();
      let arrived = 0;
      let taken = 0;
      // The last piece must stay as it was until the next is taken.
      let held: { piece: Uint8Array; copy: Uint8Array } | undefined;
      const take = () => {
        if (held) expect(Buffer.compare(held.piece, held.copy)).toBe(0);
        const piece = inlet.take();
        held = piece ? { piece, copy: piece.slice() } : undefined;
        if (!piece) return false;
        const right = piece.every((byte, i) => byte === (taken + i) % 251);
        expect(right).toBe(true);
        taken += piece.length;
        return true;
      };
      for (const one of steps) {
        if (one === 'take') take();
        else arrived += arrive(one);
      }
      while (take());
      expect(taken).toBe(arrived);
      inlet.close();
    }),
    { numRuns: 200 },
  );
});

it('stops the socket when both buffers are full, and lets it go on once one was used', () => {
  const { inlet, arrive, resumed } = fed();
  let arrived = 0;
  for (let n = 0; (n = arrive(100_000)) > 0; ) arrived += n;
  expect(arrived).toBeGreaterThan(400_000);
  expect(arrived).toBeLessThanOrEqual(512 * 1024);
  expect(inlet.take()).not.toBeNull();
  expect(resumed()).toBe(0);
  inlet.take();
  expect(resumed()).toBe(1);
  expect(arrive(1)).toBe(1);
});
