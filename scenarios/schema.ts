import Type from 'typebox';
import type { GatoOptions, LearnerOptions } from '../agents/index.ts';
import type { JsonObject } from '../core/index.ts';
import type { GameOptions } from '../curricula/game/index.ts';
import type { CurriculumOptions } from '../curricula/index.ts';
import type { SharedValueOptions } from '../mas/index.ts';
import { curriculumSchema } from './curriculum-schema.ts';
import { type EnvironmentChoice, environmentSchema } from './environment-schema.ts';
import { learnerSchema } from './learner-schema.ts';
import { type MasChoice, masSchema } from './mas-schema.ts';
import { count, nullable } from './schema-parts.ts';
import { type TaskChoice, tasksSchema } from './tasks-schema.ts';

export type { EnvironmentChoice, EnvironmentIdentity } from './environment-schema.ts';
export type { MasChoice } from './mas-schema.ts';
export type { ExpertChoice, TaskChoice } from './tasks-schema.ts';

const levels = Type.Object(
  {
    set: Type.String({
      description:
        "held-out, grid, random:<n>, solvable:<n>, or a JSON file of levels (*.json), from this scenario's folder.",
      minLength: 1,
    }),
    episodes: Type.Optional(
      count(2, {
        description: 'Whole episodes of each level: one half chooses the worst levels, the other scores them.',
        default: 4,
      }),
    ),
    solved: Type.Optional(
      nullable(Type.Number(), {
        description:
          'An episode with a higher return has solved its level. null: 0 where levels say whether they are solvable, otherwise nothing counts as solved.',
        default: null,
      }),
    ),
    options: Type.Optional(
      Type.Unsafe<JsonObject>({
        type: 'object',
        description: 'Options of the environment that are others for these levels: {"size": 13}.',
        default: {},
      }),
    ),
  },
  { title: 'Levels', additionalProperties: false },
);

const evaluation = Type.Object(
  {
    episodes: Type.Optional(count(1, { description: 'Whole episodes of one evaluation.', default: 100 })),
    every: Type.Optional(
      nullable(count(1), {
        description: 'Steps (as `steps` counts them) between evaluations; null: only at the end.',
        default: null,
      }),
    ),
    deterministic: Type.Optional(
      Type.Boolean({
        description: 'Plays the most likely action instead of a drawn one.',
        default: true,
      }),
    ),
    seed: Type.Optional(
      count(0, {
        description:
          'Which episodes are played: the same ones whatever the seed of the training, so that runs compare.',
        default: 1_000_000,
      }),
    ),
    options: Type.Optional(
      Type.Unsafe<JsonObject>({
        type: 'object',
        description: 'Options of the environment that are others in evaluations: {"split": "test"}.',
        default: {},
      }),
    ),
    levels: Type.Optional(
      nullable(levels, {
        description: 'Levels that each evaluation plays besides, and is scored on: {"set": "held-out"}. null: none.',
        default: null,
      }),
    ),
  },
  { title: 'Evaluation', additionalProperties: false, default: {} },
);

const checkpoint = Type.Object(
  {
    every: Type.Optional(
      count(1, { description: 'Steps (as `steps` counts them) between checkpoints. Default: a tenth of all.' }),
    ),
    keep: Type.Optional(count(1, { description: 'How many of the newest are kept.', default: 3 })),
  },
  { title: 'Checkpoints', additionalProperties: false, default: {} },
);

/**
 * A scenario file, as people write it. Everything in it is explained in it, and every default stands in it.
 *
 * This is the source of `scenario.schema.json` (`npm run schema`), which editors complete files with and `load` checks
 * them with. Only the published file is read at run time: it loads at once, this one pulls in the learners.
 */
export const scenarioSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'This schema, for editors.' })),
    name: Type.String({
      description: 'Names the run: letters, digits, dot, dash, underscore.',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      maxLength: 100,
    }),
    description: Type.Optional(Type.String({ description: 'What this is for, in words.', default: '' })),
    seed: Type.Optional(count(0, { description: 'Decides every random number of the run.', default: 1 })),
    environment: Type.Optional(environmentSchema),
    tasks: Type.Optional(tasksSchema),
    learner: Type.Optional(learnerSchema),
    curriculum: Type.Optional(curriculumSchema),
    mas: Type.Optional(masSchema),
    steps: count(1, {
      description:
        'Environment steps in all, all copies added up; the last iteration may pass it. With tasks: gradient updates.',
    }),
    evaluation: Type.Optional(evaluation),
    checkpoint: Type.Optional(checkpoint),
    device: Type.Optional(
      Type.Enum(['auto', 'cpu', 'webgpu', 'cuda', 'tensorflow', 'wasm'], {
        description:
          'Where tensors are computed. auto: the CPU with compiled programs, native TensorFlow with eager ones. A GPU that is asked for and not used is an error. See `lightbulb doctor` and docs/gpu.md.',
        default: 'auto',
      }),
    ),
    executor: Type.Optional(
      Type.Enum(['onnx', 'eager'], {
        description:
          'Compiled programs in ONNX Runtime (onnx), or TensorFlow.js kernel by kernel (eager). Default: eager for the devices tensorflow and wasm, which have no other, otherwise onnx.',
      }),
    ),
    threads: Type.Optional(
      count(1, {
        description: 'Threads of the CPU executor; changes the last bits of results.',
        default: 1,
        maximum: 1024,
      }),
    ),
    tensorboard: Type.Optional(
      Type.Boolean({
        description: 'Also writes scalars for TensorBoard into the run folder.',
        default: false,
      }),
    ),
  },
  {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'lightbulb scenario',
    description: 'One runnable experiment.',
    additionalProperties: false,
  },
);

/** What people write: most of it may be left out. */
export type ScenarioFile = Type.Static<typeof scenarioSchema>;

export type Device = NonNullable<ScenarioFile['device']>;
export type Executor = NonNullable<ScenarioFile['executor']>;

/** Which levels evaluations play besides. */
export interface LevelsChoice {
  /** See `levelSet`. */
  readonly set: string;
  /** Of each level. */
  readonly episodes: number;
  /** Return above which an episode has solved its level; null: what the levels say. */
  readonly solved: number | null;
  /** Options of the environment that are others there, over those of evaluations. */
  readonly options: JsonObject;
}

/** What the code reads: everything filled in, deeply frozen. Written out, it is a scenario file again. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly seed: number;
  /** null where there are tasks; see `playsTasks`. */
  readonly environment: EnvironmentChoice | null;
  /** In place of an environment: what one generalist learns. */
  readonly tasks: Readonly<Record<string, TaskChoice>> | null;
  /** `gato` exactly where there are tasks. */
  readonly learner: LearnerOptions | GameOptions | GatoOptions | SharedValueOptions;
  /** Where the levels of training come from; null: the environment's own seeds. */
  readonly curriculum: CurriculumOptions | null;
  /** How agents talk that learn by the learner `shared`; means nothing to others. */
  readonly mas: MasChoice;
  /** Environment steps, all copies added up; with tasks, gradient updates. */
  readonly steps: number;
  readonly evaluation: {
    readonly episodes: number;
    /** Steps, or null: only at the end. */
    readonly every: number | null;
    readonly deterministic: boolean;
    readonly seed: number;
    /** Options of the environment that are others in evaluations. */
    readonly options: JsonObject;
    /** Levels that are played besides; null: none. */
    readonly levels: LevelsChoice | null;
  };
  readonly checkpoint: {
    /** Steps. */
    readonly every: number;
    readonly keep: number;
  };
  readonly device: Device;
  readonly executor: Executor;
  readonly threads: number;
  readonly tensorboard: boolean;
}

/** A scenario in which agents learn in one environment. */
export type EnvironmentScenario = Scenario & {
  readonly environment: EnvironmentChoice;
  readonly tasks: null;
  readonly learner: LearnerOptions | GameOptions | SharedValueOptions;
};

/** A scenario in which one generalist learns several tasks. */
export type TasksScenario = Scenario & {
  readonly environment: null;
  readonly tasks: Readonly<Record<string, TaskChoice>>;
  readonly learner: GatoOptions;
};
