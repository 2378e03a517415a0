// Every command by its verb.
import { aboutCommands } from './about.ts';
import { accessCommands } from './access.ts';
import { addressCommands } from './addresses.ts';
import type { Command } from './command.ts';
import { factCommands } from './facts.ts';
import { folderCommands } from './folders.ts';
import { hashCommands } from './hashes.ts';
import { listingCommands } from './listings.ts';
import { nameCommands } from './names.ts';
import { protectionCommands } from './protection.ts';
import { transferCommands } from './transfers.ts';

export const commands: ReadonlyMap<string, Command> = new Map(
  [
    ...accessCommands,
    ...protectionCommands,
    ...folderCommands,
    ...nameCommands,
    ...factCommands,
    ...listingCommands,
    ...addressCommands,
    ...transferCommands,
    ...hashCommands,
    ...aboutCommands,
  ].map((command) => [command.verb, command]),
);
