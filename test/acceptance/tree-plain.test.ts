import { carriesTree } from './tree.ts';

carriesTree('none');
