export { downDistant, downNear } from './down.ts';
export { large } from './large.ts';
export { many } from './many.ts';
export { million } from './million.ts';
export { servingRow } from './serving.ts';
export { unchangedDistant } from './unchanged-distant.ts';
export { upDistant } from './up-distant.ts';
export { upNear } from './up-near.ts';
