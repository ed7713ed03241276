import type { FurtherLearners, LevelRounds } from '../agents/index.ts';
import { LightbulbError, type Stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { adversarialLevels } from './adversarial.ts';
import type { Curriculum } from './curriculum.ts';
import { gradualExpansion } from './gradual-expansion.ts';
import { learnableLevels } from './learnable.ts';
import { domainRandomisation, fixed, hardest, reweighting } from './listed.ts';
import type { CurriculumOptions } from './options.ts';
import { randomRounds } from './random-rounds.ts';
import { replayLevels } from './replay.ts';
import { replayOptionsOf } from './replay-options.ts';
import type { RandomRoundsOptions, RoundCurriculum } from './round-curriculum.ts';
import { type ScoringRounds, trackScores } from './track-scores.ts';
import { trueError, wakerM, wakerR } from './waker.ts';

/** Whether a curriculum chooses levels round by round, by the agent's own rollouts. */
export function playsRounds(options: CurriculumOptions): options is RoundCurriculum {
  switch (options.name) {
    case 'plr':
    case 'robust-plr':
    case 'accel':
    case 'sfl':
    case 'paired':
    case 'population-paired':
    case 'repaired':
    case 'minimax':
      return true;
    case 'domain-randomisation':
      return options.every === 'round';
    default:
      return false;
  }
}

/**
 * The curriculum that the options name, over `space`, for trainings that take rounds; metrics as `trackScores` adds them.
 * Errors as `replayLevels` and `adversarialLevels`.
 */
export function createLevelRounds(
  options: RoundCurriculum,
  space: LevelSpace,
  stream: Stream,
  learners: FurtherLearners,
): LevelRounds {
  return trackScores(roundsOf(options, space, stream, learners), space);
}

function roundsOf(
  options: RoundCurriculum,
  space: LevelSpace,
  stream: Stream,
  learners: FurtherLearners,
): LevelRounds & Partial<ScoringRounds> {
  switch (options.name) {
    case 'domain-randomisation':
      return randomRounds(options.name, space, stream);
    case 'sfl':
      return learnableLevels(options, space, stream);
    case 'plr':
    case 'robust-plr':
    case 'accel':
      return replayLevels(replayOptionsOf(options), space, stream);
    default:
      return adversarialLevels(options, space, stream, learners);
  }
}

/** Curricula that are asked episode by episode. */
type FeedCurriculum = Exclude<CurriculumOptions, Exclude<RoundCurriculum, RandomRoundsOptions>>;

/** The curriculum that the options name. */
export function createCurriculum(options: FeedCurriculum): Curriculum {
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
