import Type from 'typebox';
import type { LearnerOptions } from '../agents/index.ts';
import type { JsonObject } from '../core/index.ts';
import { type EnvironmentIdentity, taskEnvironmentSchema } from './environment-schema.ts';
import { expertSchema } from './learner-schema.ts';
import { count, fraction, nullable } from './schema-parts.ts';

/** Names of tasks are names of folders and of metrics, too. */
export const TASK_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$';

const expert = Type.Object(
  {
    learner: expertSchema,
    steps: Type.Optional(
      nullable(count(1), {
        description: 'Environment steps that the expert learns for, all copies added up; where it learns at all.',
        default: null,
      }),
    ),
    copies: Type.Optional(
      count(1, { description: 'Copies that step side by side while it learns.', default: 8, maximum: 65536 }),
    ),
    drawn: Type.Optional(
      Type.Boolean({ description: 'Draws its actions instead of playing the most likely ones.', default: false }),
    ),
  },
  { title: 'Expert', description: 'Who plays the episodes that are recorded.', additionalProperties: false },
);

const task = Type.Object(
  {
    environment: Type.Optional(taskEnvironmentSchema),
    expert: Type.Optional(
      Type.Unsafe<Type.Static<typeof expert> | null>({ ...expert, type: ['object', 'null'], default: null }),
    ),
    dataset: Type.Optional(
      nullable(Type.String({ minLength: 1 }), {
        description:
          "In place of an expert: the folder of a dataset that is there already, from this scenario's folder.",
        default: null,
      }),
    ),
    episodes: Type.Optional(
      count(1, { description: 'Whole episodes that the expert plays for the record.', default: 100 }),
    ),
    noise: Type.Optional(
      fraction({
        description: "Share of steps in which a random action is executed, while the expert's is what is recorded.",
        default: 0,
      }),
    ),
    weight: Type.Optional(
      Type.Number({
        description: "Share of the batch's rows, against the other tasks' weights.",
        exclusiveMinimum: 0,
        default: 1,
      }),
    ),
    evaluation: Type.Optional(
      Type.Object(
        {
          options: Type.Optional(
            Type.Unsafe<JsonObject>({
              type: 'object',
              description: 'Options of the environment that differ in evaluations: another split of a corpus, say.',
              default: {},
            }),
          ),
          episodes: Type.Optional(
            nullable(count(1), {
              description: "Whole episodes of one evaluation; null: the scenario's.",
              default: null,
            }),
          ),
        },
        { title: 'Evaluation of the task', additionalProperties: false, default: {} },
      ),
    ),
  },
  { title: 'Task', additionalProperties: false },
);

type TaskFile = Type.Static<typeof task>;

/** Tasks by name, as people write them. */
export const tasksSchema = Type.Unsafe<{ [name: string]: TaskFile } | null>({
  type: ['object', 'null'],
  title: 'Tasks',
  description:
    'In place of an environment, for the learner `gato`: what one network learns, task by task. Experts are trained and recorded first, into the run folder.',
  propertyNames: { pattern: TASK_NAME },
  additionalProperties: task,
  minProperties: 1,
  default: null,
});

/** Who plays the episodes of a task that are recorded. */
export interface ExpertChoice {
  readonly learner: LearnerOptions;
  /** Environment steps that it learns for; null where it does not learn. */
  readonly steps: number | null;
  readonly copies: number;
  readonly drawn: boolean;
}

/** A task in full: what is played, and exactly one of an expert and a dataset to learn it from. */
export interface TaskChoice {
  /** null: not played. */
  readonly environment: EnvironmentIdentity | null;
  readonly expert: ExpertChoice | null;
  /** Absolute path. */
  readonly dataset: string | null;
  readonly episodes: number;
  readonly noise: number;
  readonly weight: number;
  readonly evaluation: {
    /** Over the environment's own. */
    readonly options: JsonObject;
    /** null: as many as the scenario says. */
    readonly episodes: number | null;
  };
}
