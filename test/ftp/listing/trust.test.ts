import { describe, expect, it } from 'vitest';
import { doubtAbout } from '../../../src/ftp/listing/trust.ts';

const doubt = (text: string, printed = 2) => doubtAbout({ clean: true, code: 226, text }, printed);

describe('ordinary ends of listings raise no doubt', () => {
  it.each([
    'Transfer complete.',
    'Directory send OK.',
    'Transfer complete',
    '',
    'Closing data connection, sent 123 bytes',
    'Options: -a -l \n2 matches total',
    '226-Options: -a -l \n226 2 matches total',
    '226-options: -a -l\r\n226 2 matches total',
    '2 matches total',
    'Successfully transferred "/pub/partial"',
    'Listing of /data/truncated/limits complete',
    'Operation successful',
    'ABOR not needed; transfer complete',
    '226-Maximum disk quota limited to 100000 Kbytes\n    Used disk quota 78232 Kbytes, available 21767 Kbytes\n226 Transfer complete.',
    'Transfer complete. 1,234 bytes transferred. Speed limited to 512.00 KB/sec.',
    '[Section: DEFAULT] [Credits: 14.6MB] [Ratio: UL&DL: Unlimited]',
    '226-Download limit: 100 files a day\n226 Transfer complete.',
    'Transfer complete (unlimited).',
    'Transfer complete without errors, nothing was not truncated',
    'Transfer complete, 0 errors, 17 files',
    '17 files listed',
    'List complete. Maximum transfer rate 4 MB/s',
  ])('%j', (text) => {
    expect(doubt(text)).toBeUndefined();
  });
});

describe('a reply that speaks of missing entries raises doubt, in the words of the server', () => {
  it.each([
    'Output truncated to 10000 matches',
    '226-Options: -l \n226 Output truncated to 2000 matches',
    'Listing truncated.',
    'TRUNCATED',
    'WARNING: truncation occurred',
    'Partial listing sent',
    'Transfer partially complete',
    'List incomplete',
    'Too many files, only the first 1000 are shown',
    'Too many entries in directory',
    'Maximum number of entries (5000) reached',
    'Directory listing limited to 999 files',
    'File limit exceeded',
    'Max files per listing: 2000',
    'Only 500 entries displayed',
    'Not all files are shown',
    '12 entries omitted',
    'Transfer done (but failed to open directory).',
    "226-Can't open nope\n226 0 matches total",
    'Read error during globbing of *',
    'Could not read directory',
    'Unable to open directory /pub',
    'Transfer complete: Permission denied',
    'Transfer aborted. Data connection closed.',
    'Listing timed out',
    'nope: No such file or directory',
  ])('%j', (text) => {
    expect(doubt(text, 0)).toMatch(/^the server said '/);
  });

  it('quotes only the line that tells, printably and not for ever', () => {
    expect(doubt('Options: -l\nOutput truncated to 9 matches\u001b[1m')).toBe(
      "the server said 'Output truncated to 9 matches\\x1b[1m'",
    );
    expect(doubt(`truncated ${'x'.repeat(5000)}`)!.length).toBeLessThan(300);
  });
});

describe('the count of Pure-FTPd', () => {
  it.each([
    [3, '3 matches total'],
    [1, '1 match total'],
    [0, 'Options: -l \n0 matches total'],
  ])('agrees with %i printed lines: %j', (printed, text) => {
    expect(doubt(text, printed)).toBeUndefined();
  });
  it.each([
    [2, '3 matches total'],
    [3, '226-Options: -a -l \n226 2 matches total'],
    [0, '1 match total'],
  ])('does not agree with %i printed lines: %j', (printed, text) => {
    expect(doubt(text, printed)).toBe(
      `the server counted ${/(\d+) match/.exec(text)![1]} entries and printed ${printed}`,
    );
  });
});

describe('how it ended', () => {
  it('250 is as good as 226', () => {
    expect(doubtAbout({ clean: true, code: 250, text: 'OK' }, 0)).toBeUndefined();
  });
  it.each([426, 451, 550, 450, 200, 150, 421])('%i is not', (code) => {
    expect(doubtAbout({ clean: true, code, text: 'Something' }, 2)).toBe(
      `the server ended the listing with '${code} Something'`,
    );
  });
  it('no reply is none', () => {
    expect(doubtAbout({ clean: true, code: 0, text: '' }, 2)).toBe('the server never confirmed the end of the listing');
  });
  it('a data connection that was cut off is not undone by 226', () => {
    expect(doubtAbout({ clean: false, code: 226, text: 'Transfer complete.' }, 2)).toBe(
      'the data connection of the listing was cut off',
    );
  });
});
