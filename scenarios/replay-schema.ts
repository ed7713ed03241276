import Type from 'typebox';
import type { AccelOptions, PlrOptions, RobustPlrOptions, SflOptions } from '../curricula/index.ts';
import type { Frozen, Same } from './agreement.ts';
import { count, fraction, positive } from './schema-parts.ts';

/** Scores of levels by the agent's own rollouts: curricula's `ScoreName`. */
export const scoreNames = ['maxMonteCarlo', 'positiveValueLoss', 'l1ValueLoss', 'learnability', 'regret'] as const;

/** What curricula that replay levels have in common, but the score. */
export const replayRules = {
  replay: fraction({ description: 'Chance that a round replays levels, once there are enough.' }),
  capacity: count(1, { description: 'The most levels that are kept.' }),
  fill: fraction({ description: 'Share of the capacity that has to be filled before levels are replayed.' }),
  admits: Type.Enum(['atLeast', 'above'], {
    description: 'Whether a level with the very score of the one that would make room is kept in its place.',
  }),
  priority: Type.Enum(['rank', 'top'], {
    description: 'Chances by (1 / rank)^(1 / temperature), or the best `top` levels alike.',
  }),
  temperature: positive({ description: 'The smaller, the more the best levels alone count.' }),
  top: count(1, { description: 'How many levels are the best, for the priority `top`.' }),
  staleness: fraction({ description: 'How much it counts that a level was not played for long.' }),
};

const score = Type.Enum([...scoreNames], {
  description: 'How much there is to learn from a level. `regret` is an oracle: the optimum less the mean return.',
});

export const plr = Type.Object(
  {
    name: Type.Literal('plr', { description: 'Prioritised level replay: learns from new levels and replayed ones.' }),
    score,
    ...replayRules,
  },
  { title: 'PLR', additionalProperties: false },
);

export const robustPlr = Type.Object(
  {
    name: Type.Literal('robust-plr', { description: 'Robust PLR: learns from replayed levels alone.' }),
    score,
    ...replayRules,
  },
  { title: 'Robust PLR', additionalProperties: false },
);

export const accel = Type.Object(
  {
    name: Type.Literal('accel', { description: 'ACCEL: robust PLR, and replayed levels changed a little.' }),
    score,
    ...replayRules,
  },
  { title: 'ACCEL', additionalProperties: false },
);

export const sfl = Type.Object(
  {
    name: Type.Literal('sfl', { description: 'Sampling for learnability: levels solved about half of the time.' }),
    search: count(1, {
      description: 'Rounds of random levels that are only looked at, before each stretch of learning.',
    }),
    every: count(1, { description: 'Rounds of learning between two searches.' }),
    keep: count(1, { description: 'Levels of the set.' }),
    share: fraction({ description: 'Chance that a copy plays a level of the set, else any.' }),
  },
  { title: 'SFL', additionalProperties: false },
);

// The schema and the curricula's own types are two statements of one thing; the compiler holds them together.
true satisfies Same<Frozen<Type.Static<typeof plr>>, PlrOptions>;
true satisfies Same<Frozen<Type.Static<typeof robustPlr>>, RobustPlrOptions>;
true satisfies Same<Frozen<Type.Static<typeof accel>>, AccelOptions>;
true satisfies Same<Frozen<Type.Static<typeof sfl>>, SflOptions>;
