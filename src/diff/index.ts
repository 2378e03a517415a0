export * from './assemble.ts';
export * from './compare.ts';
export * from './decide.ts';
export * from './filter.ts';
export * from './guard.ts';
export * from './order.ts';
export * from './view.ts';
