export type {
  About,
  AboutCommand,
  AboutPath,
  AboutTransfer,
  ServerEvents,
} from './events.ts';
export { disk, type FileSystem, type NativePath, type OpenFile } from './filesystem.ts';
export type { HookCommand, HookName, HookRule, Hooks } from './hooks.ts';
export type { ServerOptions, TlsOptions } from './options.ts';
export { hashPassword, isHash } from './password.ts';
export { everything, type Permission, type PermissionOverride, readOnly } from './permissions.ts';
export { type EveryListener, FtpServer, type ListeningAddress } from './server.ts';
export type { AnonymousOptions, UserOptions } from './users.ts';
