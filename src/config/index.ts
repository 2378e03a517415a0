/** Configuration: what a person wrote, checked and settled into what a run is given. */
export * from './bytes.ts';
export * from './duration.ts';
export { parseFingerprint } from './fingerprint.ts';
export { CONFIG_NAME, type Config, configOf, type LoadOptions, loadConfig, parseConfig } from './load.ts';
export { type SecretsMask, secretsMask } from './mask.ts';
export { parseMaxDelete } from './max-delete.ts';
export { didYouMean, nearest } from './nearest.ts';
export { below, literally, looksRemote, namedPlace, resolvePlace, type WrittenPlace } from './place.ts';
export { type ResolveOptions, resolveJob, resolvePair, resolveRemote } from './resolve.ts';
export type { ConfigText, JobText, ServerText } from './schema.ts';
export { parsePortRange } from './schema-parts.ts';
export { pem, resolveServe, type ServeHook, type ServeSettings, type ServeTls, type ServeUser } from './serve.ts';
export * from './settings.ts';
export { processSurroundings, type Surroundings } from './surroundings.ts';
export { formatRemoteUrl, looksLikeUrl, parseRemoteUrl, type RemoteUrl, remoteFolder } from './url.ts';
