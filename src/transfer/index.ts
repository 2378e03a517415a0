export {
  type Course,
  type Naming,
  namesOf,
  newCourse,
  newNaming,
  RESUMABLE,
  type Transfer,
  type TransferContext,
  tagOf,
} from './context.ts';
export { Download } from './download.ts';
export { sameVersion } from './same-version.ts';
export { dressStaged, isExpectedUnder, type PlaceOptions, placeStaged, type Staged } from './staged.ts';
export { mendSwaps, publish } from './swap.ts';
export { allTentatively, type Outcome, settleTentatives, tentatively } from './tentative.ts';
export { Upload } from './upload.ts';
