import { type Json, LightbulbError, suggest } from '../core/index.ts';
import type { BatchedEnvironment } from './batched.ts';
import { balancePole, CARTPOLE_RANGES, cartpole } from './cartpole.ts';
import { CLEANUP_TASKS, CLEANUP_VIEWS, type CleanupOptions, cleanup, tidyUp } from './cleanup/index.ts';
import { counting, echoClock } from './counting.ts';
import { dodge, dodgeBlocks } from './dodge.ts';
import { gatherFood, levelBasedForaging } from './level-based-foraging/index.ts';
import { LAYOUTS, MAZE_NAME, type MazeOptions, maze } from './maze/index.ts';
import { lookUpTopic, NEWS_NAME, NEWS_OPTIONS, newsTopics } from './news/index.ts';
import { leadWords, NEWSROOM_NAME, NEWSROOM_OPTIONS, newsroom } from './newsroom/index.ts';
import {
  type NumberOption,
  type OptionSpecs,
  type OptionValues,
  type RangeOption,
  resolveOptions,
  type TextOption,
  type ToggleOption,
} from './options.ts';
import { coverLandmarks, simpleReference, simpleSpeakerListener, simpleSpread, simpleTag } from './particle/index.ts';
import { PENDULUM_RANGES, pendulum, swingUp } from './pendulum.ts';
import { GOALS, rooms } from './rooms/index.ts';
import type { ScriptedPolicy } from './scripted.ts';

/** A built-in environment as a scenario names it. */
export interface Builtin {
  readonly title: string;
  readonly description: string;
  readonly options: OptionSpecs;
  /**
   * `options` is plain data from a scenario: what is left out has its default; an unknown key (`unknown_key`) or a
   * value out of range (`invalid_input`) throws.
   */
  make(copies: number, options?: Json): BatchedEnvironment;
  /** The policy written by hand for these options. Throws `unsupported` where there is none. */
  scripted(options?: Json): ScriptedPolicy;
}

/** A number of at least `minimum`, by default 1. */
function integer(standard: number, description: string, minimum = 1): NumberOption {
  return { type: 'integer', default: standard, description, minimum };
}

function fraction(standard: number, description: string): NumberOption {
  return { type: 'number', default: standard, description, minimum: 0, maximum: 1 };
}

function toggle(description: string, standard = false): ToggleOption {
  return { type: 'boolean', default: standard, description };
}

/** From where to where levels have a number; `whole` is what they may have at all. */
function range([minimum, maximum]: readonly [number, number], description: string): RangeOption {
  return { type: 'range', default: [minimum, maximum], description: `levels: ${description}`, minimum, maximum };
}

const CYCLES = integer(25, 'steps of an episode');

/** All built-in environments by name. */
export const builtins: Readonly<Record<string, Builtin>> = {
  cartpole: define('cartpole', {
    title: 'Cart pole',
    description: 'Balance a pole on a cart by pushing left or right (CartPole-v1 of Gymnasium)',
    options: {
      maximumSteps: integer(500, 'steps after which an episode is truncated'),
      poleHalfLength: range(CARTPOLE_RANGES.poleHalfLength, 'half the length of the pole, m'),
      massPole: range(CARTPOLE_RANGES.massPole, 'mass of the pole, kg'),
      massCart: range(CARTPOLE_RANGES.massCart, 'mass of the cart, kg'),
      force: range(CARTPOLE_RANGES.force, 'how hard the cart is pushed, N'),
      cartFriction: range(CARTPOLE_RANGES.cartFriction, 'friction of the cart on its track'),
      poleFriction: range(CARTPOLE_RANGES.poleFriction, 'friction of the pole at its joint, N m s'),
    },
    make: cartpole,
    scripted: () => balancePole,
  }),
  pendulum: define('pendulum', {
    title: 'Pendulum',
    description: 'Swing a pendulum up and hold it, by a continuous torque (Pendulum-v1 of Gymnasium)',
    options: {
      maximumSteps: integer(200, 'steps after which an episode is truncated'),
      gravity: range(PENDULUM_RANGES.gravity, 'gravity, m/s^2'),
      length: range(PENDULUM_RANGES.length, 'length of the rod, m'),
      mass: range(PENDULUM_RANGES.mass, 'mass of the rod, kg'),
    },
    make: pendulum,
    scripted: () => swingUp,
  }),
  simple_spread: define('simple_spread', {
    title: 'Spread',
    description: 'N agents cover N landmarks without bumping into each other (simple_spread_v3 of PettingZoo)',
    options: {
      agents: integer(3, 'agents, and landmarks'),
      localRatio: fraction(0.5, "share of an agent's own collisions in its reward; the rest is the team's"),
      cycles: CYCLES,
    },
    make: simpleSpread,
    scripted: ({ agents }) => coverLandmarks(agents),
  }),
  simple_tag: define('simple_tag', {
    title: 'Tag',
    description: 'Slow adversaries hunt fast prey among obstacles (simple_tag_v3 of PettingZoo)',
    options: {
      adversaries: integer(3, 'hunters'),
      prey: integer(1, 'hunted'),
      obstacles: integer(2, 'discs in the way', 0),
      cycles: CYCLES,
    },
    make: simpleTag,
  }),
  simple_reference: define('simple_reference', {
    title: 'Reference',
    description: "Two agents tell each other where to go, each knowing the other's goal (simple_reference_v3)",
    options: { cycles: CYCLES },
    make: simpleReference,
  }),
  simple_speaker_listener: define('simple_speaker_listener', {
    title: 'Speaker and listener',
    description: 'One agent knows the goal and can only speak, the other moves (simple_speaker_listener_v4)',
    options: { cycles: CYCLES },
    make: simpleSpeakerListener,
  }),
  level_based_foraging: define('level_based_foraging', {
    title: 'Level-based foraging',
    description: 'Players load food together that is too heavy for one (Foraging-*-v3 of lbforaging)',
    options: {
      players: integer(2, 'players'),
      minPlayerLevel: integer(1, 'levels of players are uniform from here'),
      maxPlayerLevel: integer(2, 'to here'),
      minFoodLevel: integer(1, 'levels of food are uniform from here'),
      maxFoodLevel: integer(0, 'to here; 0: the sum of the three lowest player levels', 0),
      rows: integer(8, 'rows of the field', 3),
      cols: integer(8, 'columns of the field', 3),
      maxNumFood: integer(2, 'pieces of food, as far as there is room'),
      sight: integer(0, 'cells seen in each direction; 0: the whole field', 0),
      maxEpisodeSteps: integer(50, 'steps after which an episode is truncated'),
      forceCoop: toggle('all food has the highest level'),
      normalizeReward: toggle('all food of an episode is worth 1 to the team', true),
      gridObservation: toggle('a picture of the surroundings instead of lists'),
      observeAgentLevels: toggle('the levels of players are seen', true),
      penalty: { type: 'number', default: 0, description: 'what loading too heavy a food costs', minimum: 0 },
      actionMask: toggle('masks say which actions are valid', true),
    },
    make: levelBasedForaging,
    scripted: gatherFood,
  }),
  dodge: define('dodge', {
    title: 'Dodge',
    description: 'Evade falling blocks, seeing pixels',
    options: {
      size: integer(16, "pixels of the picture's side", 3),
      cell: integer(2, "pixels of a grid cell's side; size must be 3 to 31 cells"),
      rate: fraction(0.2, 'chance that a cell of a new row holds a block'),
      maximumSteps: integer(200, 'steps after which an episode is truncated'),
    },
    make: dodge,
    scripted: ({ size, cell }) => dodgeBlocks(size, cell),
  }),
  rooms: define('rooms', {
    title: 'Rooms',
    description: 'Walk through empty rooms where moves go astray; the exact dynamics are known',
    options: {
      smallest: integer(3, 'cells of the side of the smallest room', 3),
      largest: integer(7, 'and of the largest', 3),
      slips: integer(4, 'chances of going astray, evenly from 0'),
      mostSlip: fraction(0.6, 'to here'),
      task: {
        type: 'text',
        default: null,
        description: 'the goal whose visits are paid; null: nothing is',
        choices: GOALS,
        isNullable: true,
      },
      maximumSteps: integer(60, 'steps after which an episode is truncated'),
    },
    make: rooms,
  }),
  maze: define(MAZE_NAME, {
    title: 'Maze',
    description: 'Find the goal in a maze, seeing the cells in front',
    options: {
      size: integer(13, "cells of the maze's side, without the wall around it", 2),
      view: integer(5, 'cells of the side of what is seen: 3, 5, 7 or 9', 3),
      layout: { type: 'text', default: 'walls', description: 'walls at random, or perfect mazes', choices: LAYOUTS },
      walls: integer(60, 'the most walls that are scattered; at most size^2 - 2', 0),
      fewestWalls: integer(0, 'the fewest; how many is uniform between the two', 0),
      edits: integer(5, 'edits of one mutation of a level'),
      builderNoise: integer(50, 'random numbers that an adversary who builds mazes sees'),
      maximumSteps: integer(250, 'steps after which an episode is truncated'),
    },
    make: (copies, options) => maze(copies, options as MazeOptions),
  }),
  cleanup: define('cleanup', {
    title: 'Clean up',
    description: 'Push blocks of two colours to where they belong; tasks that need not be set (after CleanUp of WAKER)',
    options: {
      task: {
        type: 'text',
        default: null,
        choices: CLEANUP_TASKS,
        isNullable: true,
        description: 'the task that is paid; null: none',
      } as TextOption<NonNullable<CleanupOptions['task']> | null>,
      maximumSteps: integer(60, 'steps after which an episode is truncated'),
      largest: { ...integer(4, 'levels are drawn from the arenas 0 to this one', 0), maximum: 4 },
      view: {
        type: 'text',
        default: 'room',
        choices: CLEANUP_VIEWS,
        description: 'what is seen: the whole room from above, or what is around the agent',
      } as TextOption<NonNullable<CleanupOptions['view']>>,
    },
    make: cleanup,
    scripted({ task, view, largest }) {
      if (task !== null) return tidyUp(task, view, largest);
      throw new LightbulbError('unsupported', 'without a task there is nothing to do by hand', {
        where: 'cleanup',
        cure: `Set the option "task" to one of ${CLEANUP_TASKS.join(', ')}`,
      });
    },
  }),
  news_topics: define(NEWS_NAME, {
    title: 'News topics',
    description: 'Name the topic of a news article, seeing text',
    options: NEWS_OPTIONS,
    make: newsTopics,
    scripted: lookUpTopic,
  }),
  newsroom: define(NEWSROOM_NAME, {
    title: 'Newsroom',
    description: 'A summariser, an analyst and a writer make a headline of a news article, seeing and writing text',
    options: NEWSROOM_OPTIONS,
    make: newsroom,
    scripted: leadWords,
  }),
  counting: define('counting', {
    title: 'Counting',
    description: 'A probe: agents see their clock and are paid for echoing it',
    options: {
      agents: integer(1, 'agents'),
      length: integer(10, 'steps of an episode'),
      choices: integer(4, 'actions of each agent'),
      deaths: toggle('agents die one after the other instead of ending together'),
      masks: toggle('one action is illegal at each step'),
    },
    make: counting,
    scripted: ({ choices }) => echoClock(choices),
  }),
};

export const environmentNames: readonly string[] = Object.keys(builtins);

/** The built-in environment `name`. Throws `invalid_input` with the closest name where there is none. */
export function builtin(name: string): Builtin {
  if (Object.hasOwn(builtins, name)) return builtins[name]!;
  throw new LightbulbError('invalid_input', `there is no environment "${name}"`, {
    cure: suggest(name, environmentNames),
  });
}

/** `copies` copies of the built-in environment `name`. Errors as `builtin` and `Builtin.make`. */
export function makeEnvironment(name: string, copies: number, options: Json = {}): BatchedEnvironment {
  return builtin(name).make(copies, options);
}

interface Definition<Specs extends OptionSpecs> {
  readonly title: string;
  readonly description: string;
  readonly options: Specs;
  make(copies: number, options: OptionValues<Specs>): BatchedEnvironment;
  scripted?(options: OptionValues<Specs>): ScriptedPolicy;
}

function define<Specs extends OptionSpecs>(name: string, definition: Definition<Specs>): Builtin {
  const { title, description, options, make, scripted } = definition;
  return {
    title,
    description,
    options,
    make: (copies, given = {}) => make(copies, resolveOptions(name, options, given)),
    scripted: (given = {}) => {
      if (scripted !== undefined) return scripted(resolveOptions(name, options, given));
      throw new LightbulbError('unsupported', 'this environment has no policy written by hand', { where: name });
    },
  };
}
