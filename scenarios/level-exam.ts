import type { LevelEpisodes, LevelScores, Training } from '../agents/index.ts';
import { LightbulbError, stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import type { MakeEnvironment } from './build.ts';
import { type LevelSet, levelSet } from './level-sets.ts';

/** Levels that a policy is to be played on, and what is known of them. */
export interface LevelExam {
  readonly make: MakeEnvironment;
  readonly space: LevelSpace;
  readonly set: LevelSet;
  /** Of each level, at least two: one half chooses the worst levels, the other scores them. */
  readonly episodes: number;
  /** [levels]: the best return, where the space knows it. */
  readonly optimum: readonly number[] | undefined;
  /** An episode with a higher return has solved its level; undefined where that means nothing. */
  readonly solvedAbove: number | undefined;
}

/** Who is examined, and by which episodes. */
export interface Examination {
  readonly seed: number;
  readonly deterministic: boolean;
}

/**
 * The levels that `words` ask for (see `levelSet`) of the environment that `make` makes. Every level is handed to the
 * environment once, so what it does not take is found now, by its name.
 *
 * `solved`: return above which an episode has solved its level. Without it that is 0 where the space's descriptions say
 * whether levels are `solvable`, and nothing elsewhere.
 *
 * Errors: `unsupported` where the environment takes no levels, or the set needs what its space does not tell;
 * `invalid_input` for an unknown set, a level that is none, and for fewer than 2 episodes.
 */
export function levelExam(
  make: MakeEnvironment,
  {
    words,
    episodes,
    solved,
  }: { readonly words: string; readonly episodes: number; readonly solved?: number | undefined },
  at: string,
): LevelExam {
  if (episodes < 2)
    throw new LightbulbError(
      'invalid_input',
      'the worst levels are chosen by one half of the episodes and scored by the other',
      {
        where: at,
        wanted: 'at least 2 episodes of each level',
        got: String(episodes),
      },
    );
  const probe = make(1);
  try {
    const { levels: space } = probe;
    if (space === undefined || probe.setLevel === undefined)
      throw new LightbulbError('unsupported', 'this environment has no levels', {
        where: at,
        cure: 'Evaluate without levels, or declare levels in the environment',
      });
    const solvedAbove = solved ?? (tellsSolvable(space) ? 0 : undefined);
    const set = levelSet(space, words, solvedAbove, at);
    const optimum: number[] = [];
    for (const { name, level } of set.levels) {
      try {
        probe.setLevel(0, level);
        space.describe?.(level);
        if (space.optimum !== undefined) optimum.push(space.optimum(level));
      } catch (cause) {
        throw new LightbulbError('invalid_input', `the environment does not take level "${name}": ${reasonOf(cause)}`, {
          where: at,
          cause,
        });
      }
    }
    return { make, space, set, episodes, optimum: space.optimum === undefined ? undefined : optimum, solvedAbove };
  } finally {
    probe.close?.();
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Whether a space says of levels that they can be solved: then any reward is that of solving one. */
function tellsSolvable({ describe, generate }: LevelSpace): boolean {
  return describe !== undefined && 'solvable' in describe(generate(0));
}

/** Plays the present policy of a training on all levels. Error `unsupported` where it does not let itself be played. */
export async function examine(
  { make, set, episodes, optimum, solvedAbove }: LevelExam,
  training: Training,
  { seed, deterministic }: Examination,
): Promise<{ readonly played: LevelEpisodes; readonly scores: LevelScores }> {
  const { levelScores, playLevels } = await import('../agents/index.ts');
  const noise = stream(seed, 'evaluation/levels/noise');
  const levels = set.levels.map(({ level }) => level);
  const played = await playLevels(make, levels, episodes, seed, (collector) => {
    const player = training.player?.(collector, { deterministic, noise });
    if (player === undefined) throw notPlayed('levels');
    return player;
  });
  return { played, scores: levelScores(played.returns, { optimum, solvedAbove }) };
}

/** What is said of learners whose policy cannot be played elsewhere. */
export function notPlayed(at: string): LightbulbError {
  return new LightbulbError('unsupported', 'this learner does not let its policy be played on chosen levels', {
    where: at,
    cure: 'Evaluate it without levels',
  });
}
