import type { LevelRounds } from '../agents/index.ts';
import { LightbulbError, type Stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import type { Curriculum } from './curriculum.ts';
import { gradualExpansion } from './gradual-expansion.ts';
import { learnableLevels } from './learnable.ts';
import { domainRandomisation, fixed, hardest, reweighting } from './listed.ts';
import type { CurriculumOptions } from './options.ts';
import { replayLevels } from './replay.ts';
import { type RoundCurriculum, replayOptionsOf } from './replay-options.ts';
import { trueError, wakerM, wakerR } from './waker.ts';

/** Whether a curriculum chooses levels round by round, by the agent's own rollouts. */
export function playsRounds(options: CurriculumOptions): options is RoundCurriculum {
  return ['plr', 'robust-plr', 'accel', 'sfl'].includes(options.name);
}

/** The curriculum that the options name, over `space`, for trainings that take rounds. Errors as `replayLevels`. */
export function createLevelRounds(options: RoundCurriculum, space: LevelSpace, stream: Stream): LevelRounds {
  if (options.name === 'sfl') return learnableLevels(options, space, stream);
  return replayLevels(replayOptionsOf(options), space, stream);
}

/** The curriculum that the options name. */
export function createCurriculum(options: Exclude<CurriculumOptions, RoundCurriculum>): Curriculum {
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
