import type { LevelRound, PromptRounds } from '../agents/index.ts';
import { type Json, LightbulbError, restoreStream, type Stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { meanOf } from './boltzmann.ts';
import { drawAny, newSeed } from './draw.ts';
import { drawLevels, emptyBuffer, isReplayable, type LevelBuffer, reported } from './level-buffer.ts';
import { bufferNumbers, levelMeans, prefixed } from './level-means.ts';
import type { ReplayOptions } from './replay-options.ts';
import { savedRounds, saveRounds } from './saved-rounds.ts';
import { bestEver, requireOptimum, scoresOf } from './score-levels.ts';
import { episodeReturns, maxMonteCarlo } from './scores.ts';
import type { OwnScores, ScoringRounds } from './track-scores.ts';

/** Where the levels of a round came from. */
type Kind = 'new' | 'replayed' | 'mutated';

/** Everything that decides the next round. Plain data. */
type ReplayState = {
  readonly buffer: LevelBuffer;
  readonly kind: Kind;
  readonly levels: readonly Json[];
  /** Rounds of each kind so far. */
  readonly rounds: Readonly<Record<Kind, number>>;
};

/**
 * Prioritised level replay (Jiang et al. 2021, arXiv 2010.03934) and what came of it. A round plays new levels, or with
 * chance `replay` levels from the buffer, drawn by score and staleness. `robust` (arXiv 2110.02439): nothing is learned
 * from new levels, they are only looked at. `mutate` (ACCEL, arXiv 2203.01302): each round of replay is followed by one of
 * its levels, each changed a little; these too are only looked at. Error `unsupported` where a level space has not what the
 * options need.
 */
export function replayLevels(options: ReplayOptions, space: LevelSpace, stream: Stream): PromptRounds & ScoringRounds {
  if (options.mutate && space.mutate === undefined) {
    throw new LightbulbError('unsupported', 'the environment mutates none of its levels', {
      where: '/curriculum/name',
    });
  }
  requireOptimum(options.score, space);
  let random = stream;
  let state: ReplayState = {
    buffer: emptyBuffer,
    kind: 'new',
    levels: [],
    rounds: { new: 0, replayed: 0, mutated: 0 },
  };
  let last: Readonly<Record<string, number>> = {};
  let own: OwnScores = {};

  return {
    ownScores: () => own,

    next(copies): LevelRound {
      const { kind, levels } = plan(state, options, space, copies, random);
      state = { ...state, kind, levels, rounds: { ...state.rounds, [kind]: state.rounds[kind] + 1 } };
      return { levels, seed: newSeed(random), learns: kind === 'replayed' || (kind === 'new' && !options.robust) };
    },

    report(outcome) {
      const { levels, buffer, kind } = state;
      const { best, mean, solved } = episodeReturns(outcome);
      const known = bestEver(buffer, levels, best);
      const scores = scoresOf(options.score, outcome, { best: known, mean, solved }, levels, space);
      own = { maxMonteCarlo: maxMonteCarlo(outcome, known) };
      const reports = levels.map((level, k) => ({
        level,
        score: scores[k]!,
        best: Number.isNaN(best[k]!) ? undefined : best[k]!,
      }));
      state = { ...state, buffer: reported(buffer, reports, options) };
      last = { ...levelMeans(levels, space), 'score/mean': meanOf(scores), [`score/${kind}`]: meanOf(scores) };
    },

    metrics() {
      const { buffer, rounds } = state;
      const total = rounds.new + rounds.replayed + rounds.mutated;
      const numbers = {
        ...last,
        ...bufferNumbers(buffer, space, options),
        replayed: rounds.replayed / Math.max(1, total),
        mutated: rounds.mutated / Math.max(1, total),
      };
      return prefixed('curriculum/', numbers);
    },

    save: () => saveRounds(options.name, state, random),

    load(checkpoint) {
      const saved = savedRounds<ReplayState>(options.name, checkpoint);
      state = saved.state;
      random = restoreStream(saved.stream);
    },
  };
}

/** What comes after a round: mutants of what was just replayed; else replay or new levels, by lot. */
function plan(
  { buffer, kind, levels }: ReplayState,
  options: ReplayOptions,
  space: LevelSpace,
  copies: number,
  random: Stream,
): { readonly kind: Kind; readonly levels: readonly Json[] } {
  if (options.mutate && kind === 'replayed') {
    return { kind: 'mutated', levels: levels.map((parent) => space.mutate!(parent, newSeed(random))) };
  }
  // Drawn whether or not there is enough to replay, so that the stream goes the same way.
  const wants = random.uniform() < options.replay;
  if (wants && isReplayable(buffer, options)) {
    const places = drawLevels(buffer, copies, options, random);
    return { kind: 'replayed', levels: Array.from(places, (place) => buffer.entries[place]!.level) };
  }
  return { kind: 'new', levels: Array.from({ length: copies }, () => drawAny(space, random)) };
}
