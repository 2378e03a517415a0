import { carriesTree } from './tree.ts';

carriesTree('explicit');
