import { describe, expect, it } from 'vitest';
import { lasting } from '../../src/diff/index.ts';
import type { Agreement, RelPath, Stamps } from '../../src/model/index.ts';

const NOW = Date.UTC(2026, 4, 3, 12, 0, 30);

function remembered(stamps: Stamps): Stamps {
  const agreement: Agreement = {
    path: 'a' as RelPath,
    kind: 'file',
    local: { size: 1, stamps: { stat: '1:1' } },
    remote: { size: 1, stamps },
  };
  const kept = lasting(agreement, NOW);
  expect({ ...kept, remote: agreement.remote }).toEqual(agreement);
  return kept.remote.stamps;
}

const LIST = '2026-05-03T12:00';

describe('a date that is exact to the minute', () => {
  it.each([
    ['this very minute', '20260503120001'],
    ['with milliseconds', '20260503120001.250'],
    ['a minute ago', '20260503115931'],
    ['by a clock that is ahead', '20260503121500'],
    ['by a clock that is an hour slow', '20260503110001'],
    ['by a clock that tells the time of another zone', '20260502220001'],
    ['at a time that cannot be read', 'yesterday'],
  ])('is not remembered of a file that changed %s', (_, mdtm) => {
    expect(remembered({ list: LIST, mdtm })).toEqual({ mdtm });
    expect(remembered({ list: LIST, mlst: mdtm })).toEqual({ mlst: mdtm });
  });

  it('is remembered once the minute is over by any clock', () => {
    expect(remembered({ list: LIST, mdtm: '20260502095829' })).toEqual({ list: LIST, mdtm: '20260502095829' });
  });

  it('is remembered where there is nothing finer', () => {
    expect(remembered({ list: LIST })).toEqual({ list: LIST });
  });

  it('is no matter where none was read', () => {
    expect(remembered({ mlst: '20260503120001' })).toEqual({ mlst: '20260503120001' });
  });
});
