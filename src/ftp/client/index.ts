/** The FTP client of the library. */

export { CrlfToLf, FromNetwork, LfToCrlf, ToNetwork, type ToNetworkOptions } from '../line-ends.ts';
export { type BinaryOptions, FtpClient, type LinesOptions, type TextOptions } from './client.ts';
export type { DataStream } from './data-stream.ts';
export { isFtpError, isPermanent, isTemporary } from './errors.ts';
export type { MlsdEntry } from './listing.ts';
export { FTP_PORT, FTPS_PORT, type FtpClientOptions, type FtpLogin } from './options.ts';
export type { Source } from './pieces.ts';
export type { FtpReply } from './reply.ts';
export type { TransferResult } from './transfers.ts';
