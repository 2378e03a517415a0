// Every command by its verb.
import { aboutCommands } from './about.ts';
import { accessCommands } from './access.ts';
import { addressCommands } from './addresses.ts';
import type { Command } from './command.ts';
import { factCommands } from './facts.ts';
import { folderCommands } from './folders.ts';
import { hashCommands } from './hashes.ts';
import { helpCommand } from './help.ts';
import { listingCommands } from './listings.ts';
import { nameCommands } from './names.ts';
import { protectionCommands } from './protection.ts';
import { siteCommands } from './site.ts';
import { transferCommands } from './transfers.ts';

const table = new Map<string, Command>(
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
    ...siteCommands,
  ].map((command) => [command.verb, command]),
);
table.set('HELP', helpCommand(table));

export const commands: ReadonlyMap<string, Command> = table;
