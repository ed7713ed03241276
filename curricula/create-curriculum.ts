import { LightbulbError } from '../core/index.ts';
import type { Curriculum } from './curriculum.ts';
import { gradualExpansion } from './gradual-expansion.ts';
import { domainRandomisation, fixed, hardest, reweighting } from './listed.ts';
import type { CurriculumOptions } from './options.ts';
import { trueError, wakerM, wakerR } from './waker.ts';

/** The curriculum that the options name. */
export function createCurriculum(options: CurriculumOptions): Curriculum {
  switch (options.name) {
    case 'domain-randomisation':
      return domainRandomisation(options);
    case 'waker-m':
      return wakerM(options);
    case 'waker-r':
      return wakerR(options);
    case 'true-error':
      return trueError(options);
    case 'gradual-expansion':
      return gradualExpansion(options);
    case 'hardest':
      return hardest(options);
    case 'reweighting':
      return reweighting(options);
    case 'fixed':
      return fixed(options);
    default:
      options satisfies never;
      throw new LightbulbError('invalid_input', 'there is no such curriculum', {
        where: '/curriculum/name',
        got: JSON.stringify((options as { name?: unknown }).name),
      });
  }
}
