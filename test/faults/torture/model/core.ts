/** A process that walks a share of the sequences, so that every core has work. */
// First, before anything takes the calls of the file system for its own.
import '../fs-faults.ts';
import { once } from 'node:events';
import { type Share, type Tell, walkFrom } from '../model.ts';

const [{ seeds, each }] = (await once(process, 'message')) as [Share];
let sent: Promise<unknown> = Promise.resolve();
const tell: Tell = (news) => {
  sent = new Promise((resolve) => process.send!(news, undefined, {}, resolve));
};
await walkFrom(seeds, { each, shrinks: true, tell });
await sent;
// What a fault left standing is no reason to wait.
process.exit();
