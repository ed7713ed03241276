export type { Curriculum } from './curriculum.ts';
