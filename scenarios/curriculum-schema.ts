import Type from 'typebox';
import type { Json } from '../core/index.ts';
import {
  accelDefaults,
  type CurriculumOptions,
  gradualExpansionDefaults,
  plrDefaults,
  reweightingDefaults,
  robustPlrDefaults,
  sflDefaults,
  trueErrorDefaults,
  wakerMDefaults,
  wakerRDefaults,
} from '../curricula/index.ts';
import { minimaxSchema, pairedSchema, populationPairedSchema, repairedSchema } from './adversary-schema.ts';
import type { Frozen, Same } from './agreement.ts';
import { accel, plr, robustPlr, sfl } from './replay-schema.ts';
import { count, fraction, positive, tagged, written } from './schema-parts.ts';

const randomShare = fraction({ description: 'Share of levels drawn from all of them, whatever is known.' });
const places = count(2, {
  description:
    'Numbers kept where there is no grid: parts of a continuous box, or levels in the buffer of a generator.',
  maximum: 2048,
});
const level = Type.Unsafe<Json>({ description: "A level, as the environment's own levels are written." });
const levels = Type.Array(level, { description: 'Each as likely as the others.', minItems: 1 });

const sampling = {
  randomShare,
  temperature: positive({ description: 'Of the Boltzmann distribution over normalised estimates.' }),
  errorDecay: Type.Number({
    description: 'Weight that an estimate keeps when one sample comes in; 0 keeps the newest alone.',
    minimum: 0,
    exclusiveMaximum: 1,
  }),
  places,
  mutation: fraction({ description: 'Of a generator that mutates: share of its buffered levels that are changed.' }),
};

const domainRandomisation = Type.Object(
  {
    name: Type.Literal('domain-randomisation', { description: 'Every level alike.' }),
    every: Type.Optional(
      Type.Enum(['episode', 'round'], {
        description:
          'When a copy gets another level: with each episode, or with each rollout, as where levels are scored (PPO alone).',
        default: 'episode',
      }),
    ),
  },
  { title: 'Domain randomisation', additionalProperties: false },
);

const wakerM = Type.Object(
  {
    name: Type.Literal('waker-m', { description: "Levels by how large the world model's estimated error is." }),
    ...sampling,
  },
  { title: 'WAKER-M', additionalProperties: false },
);

const wakerR = Type.Object(
  {
    name: Type.Literal('waker-r', { description: "Levels by how fast the world model's estimated error falls." }),
    ...sampling,
    reductionDecay: fraction({ description: 'Weight that the estimate of the fall keeps at each new one.' }),
    interval: count(1, { description: 'Environment steps between two looks at the errors.' }),
    patience: count(0, { description: 'Intervals that pass before the first look.' }),
  },
  { title: 'WAKER-R', additionalProperties: false },
);

const trueError = Type.Object(
  {
    name: Type.Literal('true-error', { description: 'An oracle: WAKER-M on the true error, where it can be told.' }),
    ...sampling,
  },
  { title: 'True error', additionalProperties: false },
);

const gradualExpansion = Type.Object(
  {
    name: Type.Literal('gradual-expansion', { description: 'Levels played before, and a share of any.' }),
    randomShare,
    places,
  },
  { title: 'Gradual expansion', additionalProperties: false },
);

const hardest = Type.Object(
  { name: Type.Literal('hardest', { description: 'An oracle: the hardest levels and no others.' }), levels },
  { title: 'Hardest levels', additionalProperties: false },
);

const reweighting = Type.Object(
  {
    name: Type.Literal('reweighting', { description: 'An oracle: hard levels, and a share of any.' }),
    levels,
    randomShare: Type.Optional(fraction({ ...randomShare, default: reweightingDefaults.randomShare })),
  },
  { title: 'Reweighting', additionalProperties: false },
);

const fixed = Type.Object(
  { name: Type.Literal('fixed', { description: 'One level, always.' }), level },
  { title: 'Fixed', additionalProperties: false },
);

/** Where levels come from, as people write it: null leaves them to the environment's own seeds. */
export const curriculumSchema = Type.Unsafe<CurriculumOptions | null>({
  type: ['object', 'null'],
  title: 'Curriculum',
  description: "Which level comes next in training; null leaves levels to the environment's own seeds.",
  default: null,
  if: { type: 'object' },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
  then: tagged(
    'name',
    {
      'domain-randomisation': domainRandomisation,
      'waker-m': written(wakerM, wakerMDefaults),
      'waker-r': written(wakerR, wakerRDefaults),
      'gradual-expansion': written(gradualExpansion, gradualExpansionDefaults),
      hardest,
      reweighting,
      plr: written(plr, plrDefaults),
      'robust-plr': written(robustPlr, robustPlrDefaults),
      accel: written(accel, accelDefaults),
      sfl: written(sfl, sflDefaults),
      minimax: minimaxSchema,
      paired: pairedSchema,
      'population-paired': populationPairedSchema,
      repaired: repairedSchema,
      'true-error': written(trueError, trueErrorDefaults),
      fixed,
    },
    {},
  ),
});

// The schema and the curricula's own types are two statements of one thing; the compiler holds them together.
type Of<Name> = Extract<CurriculumOptions, { readonly name: Name }>;
true satisfies Same<Frozen<Type.Static<typeof domainRandomisation>>, Of<'domain-randomisation'>>;
true satisfies Same<Frozen<Type.Static<typeof wakerM>>, Of<'waker-m'>>;
true satisfies Same<Frozen<Type.Static<typeof wakerR>>, Of<'waker-r'>>;
true satisfies Same<Frozen<Type.Static<typeof trueError>>, Of<'true-error'>>;
true satisfies Same<Frozen<Type.Static<typeof gradualExpansion>>, Of<'gradual-expansion'>>;
