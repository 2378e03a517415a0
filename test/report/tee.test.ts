import { expect, test, vi } from 'vitest';
import { tee } from '../../src/report/index.ts';
import { start } from './events.ts';

test('every reporter hears every event, and is closed', async () => {
  const reporters = [1, 2].map(() => Object.assign(vi.fn(), { close: vi.fn(async () => {}) }));
  const all = tee(...reporters);
  all(start());
  await all.close();
  for (const reporter of reporters) {
    expect(reporter).toHaveBeenCalledExactlyOnceWith(start());
    expect(reporter.close).toHaveBeenCalledOnce();
  }
});
