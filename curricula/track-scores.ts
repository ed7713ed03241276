import type { LevelRounds, RoundOutcome } from '../agents/index.ts';
import type { Json } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { meanOf } from './boltzmann.ts';
import { rankCorrelation } from './rank-correlation.ts';
import {
  type EpisodeReturns,
  l1ValueLoss,
  learnability,
  maxMonteCarlo,
  positiveValueLoss,
  settledReturns,
} from './scores.ts';

/** Scores of a round's levels that only the curriculum knows, or knows better, by name: [K] each. */
export type OwnScores = Readonly<Record<string, ArrayLike<number>>>;

/** What rounds have that tell such scores, after each report. */
export interface ScoringRounds {
  ownScores(): OwnScores;
}

/**
 * The same rounds, and in their metrics how well scores tell what there is to gain, where that is known (the space's
 * `optimum`): `curriculum/correlation/<score>`, Spearman's over the levels of the round between the score and the exact
 * regret (optimum less the agent's mean return), for every score whether or not the curriculum uses it; and
 * `curriculum/regret/exact`, the mean of that regret. Correlations are left out of rounds in which one side is constant.
 */
export function trackScores(rounds: LevelRounds & Partial<ScoringRounds>, space: LevelSpace): LevelRounds {
  const { optimum } = space;
  if (optimum === undefined) return rounds;
  let levels: readonly Json[] = [];
  let last: Readonly<Record<string, number>> = {};
  return {
    async next(copies) {
      const round = await rounds.next(copies);
      levels = round.levels;
      return round;
    },
    async report(outcome, steps) {
      await rounds.report(outcome, steps);
      const own = rounds.ownScores?.() ?? {};
      const returns = settledReturns(outcome);
      const regret = returns.mean.map((each, k) => optimum(levels[k]!) - each);
      const numbers: Record<string, number> = { 'curriculum/regret/exact': meanOf(regret) };
      for (const [name, scores] of Object.entries({ ...scoresOfAll(outcome, returns), ...own })) {
        const correlation = rankCorrelation(scores, regret);
        if (correlation !== undefined) numbers[`curriculum/correlation/${name}`] = correlation;
      }
      last = numbers;
    },
    get furtherSteps() {
      return rounds.furtherSteps ?? 0;
    },
    metrics: () => ({ ...rounds.metrics(), ...last }),
    save: () => rounds.save(),
    load: (saved) => rounds.load(saved),
    close: () => rounds.close?.(),
  };
}

function scoresOfAll(outcome: RoundOutcome, returns: EpisodeReturns): OwnScores {
  return {
    maxMonteCarlo: maxMonteCarlo(outcome, returns.best),
    positiveValueLoss: positiveValueLoss(outcome),
    l1ValueLoss: l1ValueLoss(outcome),
    learnability: learnability(returns),
  };
}
