export { type LocalOptions, openLocal } from './open-local.ts';
