export type {
  About,
  AboutCommand,
  AboutPath,
  AboutTransfer,
  ServerEvents,
} from './events.ts';
export { disk, type FileSystem, type NativePath, type OpenFile } from './filesystem.ts';
export type { HookName, Hooks } from './hooks.ts';
export type { ServerOptions, TlsOptions } from './options.ts';
export { hashPassword } from './password.ts';
export type { Permission, PermissionOverride } from './permissions.ts';
export { FtpServer, type ListeningAddress } from './server.ts';
export type { AnonymousOptions, UserOptions } from './users.ts';
