/** A process that walks a share of the sequences of a harness, so that every core has work. */
// First, before anything takes the calls of the file system for its own.
import './fs-faults.ts';
import { once } from 'node:events';
import { BACKUPS } from './backup.ts';
import { MODEL } from './model.ts';
import { type Share, type Tell, walkFrom } from './sequences.ts';

const [{ kind, seeds, each }] = (await once(process, 'message')) as [Share];
let sent: Promise<unknown> = Promise.resolve();
const tell: Tell = (news) => {
  sent = new Promise((resolve) => process.send!(news, undefined, {}, resolve));
};
const how = { each, shrinks: true, tell };
await (kind === MODEL.name ? walkFrom(MODEL, seeds, how) : walkFrom(BACKUPS, seeds, how));
await sent;
// What a fault left standing is no reason to wait.
process.exit();
