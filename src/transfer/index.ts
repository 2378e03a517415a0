export { namesOf, RESUMABLE, type TransferContext, tagOf } from './context.ts';
export { type StagedDownload, stageDownload } from './download.ts';
export { sameVersion } from './same-version.ts';
export { mendSwaps } from './swap.ts';
export { type StagedUpload, stageUpload } from './upload.ts';
