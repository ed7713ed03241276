import Type from 'typebox';
import { type TabularOptions, tabularDefaults } from '../agents/index.ts';
import type { Frozen, Same } from './agreement.ts';
import { count, orDefaults, positive } from './schema-parts.ts';

/** Below 1: sums without an end have to converge. */
const discount = (description: string) => Type.Number({ description, minimum: 0, maximum: 0.9999 });

/** Agents' `TabularOptions`, as a schema. */
const tabular = Type.Object(
  {
    name: Type.Literal('tabular', {
      description:
        'A world model of counts for each level, learned without rewards; tasks are planned in it afterwards.',
    }),
    exploration: Type.Enum(['random', 'plan2explore'], {
      description: "Uniform actions, or planning in the model on the ensemble's disagreement.",
    }),
    members: count(2, { description: 'Members of the ensemble.', maximum: 1000 }),
    independentPriors: Type.Boolean({
      description: 'Each member starts from a random model of its own. Without, all agree where nobody was.',
    }),
    priorStrength: positive({ description: 'What a prior counts, in transitions.' }),
    rollout: count(1, { description: 'Steps of each copy between two estimates of the error.' }),
    imagined: count(1, { description: 'Imagined rollouts of one estimate.' }),
    horizon: count(1, { description: 'Steps of an imagined rollout.' }),
    replan: count(1, { description: 'Steps on a level after which exploration is planned anew.' }),
    explorationDiscount: discount("Worth of the next step's disagreement in this one."),
    discount: discount('Worth of the next step in the tasks that the model is asked for.'),
  },
  { title: 'Tabular', additionalProperties: false },
);

/** The learner `tabular`, as people write it: everything but its name optional. */
export const tabularSchema = Type.Object(orDefaults(tabular, tabularDefaults), {
  title: 'Tabular',
  additionalProperties: false,
});

// The schema and the agents' own type are two statements of one thing; the compiler holds them together.
true satisfies Same<Frozen<Type.Static<typeof tabular>>, TabularOptions>;
