import { describe, expect, it } from 'vitest';
import { sha256Of } from '../../src/local/hash.ts';
import { ChangingError, type LocalSource, toRelPath } from '../../src/model/index.ts';

function source(unchanged: boolean): LocalSource {
  return {
    entry: { path: toRelPath('f'), kind: 'file', size: 6, mtime: 0, precision: 1, zoned: true, stamps: {} },
    async *chunks() {
      yield Buffer.from('abc');
      yield Buffer.from('def');
    },
    unchanged: async () => unchanged,
    readAt: async () => new Uint8Array(),
    close: async () => {},
  };
}

describe('a hash', () => {
  it('is of all pieces, in order', async () => {
    expect(await sha256Of(source(true))).toBe('bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721');
  });

  it('is not told of a content that the file never had', async () => {
    await expect(sha256Of(source(false))).rejects.toBeInstanceOf(ChangingError);
  });
});
