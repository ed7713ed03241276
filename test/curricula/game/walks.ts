import { stream } from '../../../core/index.ts';
import {
  Arena,
  Dreams,
  type GameOptions,
  gameDefaults,
  Imagination,
  Reality,
  Standings,
  Starts,
} from '../../../curricula/game/index.ts';
import { float32, onnxExecutor, tf } from '../../../nn/index.ts';
import { cartpole, createOutputs, type Group } from '../../../worlds/index.ts';
import { Disturbance, type NoiseSpec, type WorldModel } from '../../../worlds/models/index.ts';

/** What can be known of a walk beforehand. */
export interface WalkOptions {
  readonly kind?: NoiseSpec[string]['kind'];
  /** The walk ends beyond this. */
  readonly end?: number;
}

/**
 * A model written by hand: x moves by its noise, and by 1 where the second action is taken. It pays what it moved by, and ends
 * for certain where x is above `end`.
 */
export function walk({ kind = 'normal', end = 1e6 }: WalkOptions = {}): WorldModel {
  return {
    name: 'walk',
    observationSize: 1,
    actionSize: 2,
    stateSize: 1,
    featureSize: 1,
    observeNoise: {},
    imagineNoise: { z: { kind, size: 1 } },
    initialise: () => ({ unused: float32([1]) }),
    start: (rows) => tf.zeros([rows, 1]),
    observe: (_, { observation }) => ({ states: observation }),
    imagine(_, state, action, noise) {
      const moved = tf.add(noise.z!, tf.slice(action, [0, 1], [-1, 1]));
      const next = tf.add(state, moved);
      return {
        state: next,
        reward: tf.reshape(moved, [-1]),
        terminalLogit: tf.reshape(tf.mul(tf.sub(next, end), 1000), [-1]),
      };
    },
    features: (state) => state,
    decode: (_, state) => state,
    losses: () => {
      throw new Error('a walk learns nothing');
    },
  };
}

const group: Group = {
  name: 'agent',
  agents: ['agent_0'],
  observation: { type: 'box', shape: [1], low: -1e9, high: 1e9 },
  action: { type: 'discrete', n: 2 },
  masked: false,
};

export type Overrides = Partial<Pick<GameOptions, 'horizon' | 'ending' | 'rewards'>> & {
  readonly adversary?: Partial<GameOptions['adversary']>;
  readonly sides?: 1 | 2;
  readonly copies?: number;
  readonly starts?: readonly number[];
  readonly walk?: WalkOptions;
};

const made = new Map<string, Imagination>();

/** Compiled once for each kind of walk. */
function imaginationOf(options: WalkOptions): Imagination {
  const key = JSON.stringify(options);
  const known =
    made.get(key) ?? new Imagination({ model: walk(options), intrinsic: undefined, executor: onnxExecutor() });
  made.set(key, known);
  return known;
}

/** Dreams of a walk, in an arena without reality. */
export function arenaOfWalks(overrides: Overrides = {}): { readonly arena: Arena; readonly dreams: Dreams } {
  const { sides = 2, copies = 4, starts: states = [0], walk: options = {}, adversary = {}, ...rest } = overrides;
  const all = { ...gameDefaults, horizon: 5, ...rest, adversary: { ...gameDefaults.adversary, ...adversary } };
  const imagination = imaginationOf(options);
  const { model } = imagination.parts;
  const parameters = { 'model/unused': float32([1]) };
  const standings = new Standings(gameDefaults.selection, undefined);
  const starts = new Starts(states.length, imagination, parameters, standings, gameDefaults.selection);
  for (const [row] of states.entries()) starts.push(Float32Array.from(states), row, { start: row });
  starts.refresh();
  const { objective, radius, directions, floor } = all.adversary;
  const disturbance =
    objective === 'none'
      ? undefined
      : new Disturbance({ noise: model.imagineNoise, radius, directions, stream: stream(1, 'directions') });
  const dreams = new Dreams({ imagination, parameters, copies, sides, disturbance, floor });
  const arena = new Arena({
    group,
    reality: undefined,
    dreams: {
      played: dreams,
      starts,
      sees: 'observation',
      copies,
      sides,
      moveSize: disturbance?.size ?? 0,
      featureSize: 1,
      options: all,
    },
  });
  return { arena, dreams };
}

/** CartPole, really played, beside nothing. */
export function realPoles(copies: number): Arena {
  const environment = new Reality(cartpole(copies, { maximumSteps: 20 }), undefined, undefined);
  const reality = { environment, output: createOutputs(environment.groups, copies) };
  return new Arena({ group: environment.groups[0], reality, dreams: undefined });
}
