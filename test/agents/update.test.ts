import assert from 'node:assert/strict';
import type { PpoOptions, Training } from '../../agents/index.ts';
import { generalisedAdvantages } from '../../agents/returns.ts';
import { stream } from '../../core/index.ts';
import { box } from '../../worlds/index.ts';
import { assertClose } from '../nn/close.ts';
import {
  network,
  parametersOf,
  plain,
  type Seen,
  type Story,
  setParameters,
  tell,
  training,
  watched,
} from './probes.ts';
import {
  Adam,
  gradients,
  judge,
  mapped,
  outputs,
  type Parameters,
  type Rows,
  standardised,
  sum,
  terms,
} from './reference.ts';

const COPIES = 2;
const T = 12;

/** Two agents: the first is truncated after five steps, the second dies after three. */
const story: Story = {
  agents: ['agent_0', 'agent_1'],
  width: 3,
  see: (t, agent) => [Math.sin(t + agent), Math.cos(2 * t), agent - 0.5],
  pay: (t, agent, action) => (Number(action) === t % 2 ? 1 : -0.3) + 0.2 * agent,
  end: (t, agent) => (agent === 1 && t === 2 ? 'terminated' : agent === 0 && t === 4 ? 'truncated' : null),
};

const continuous: Story = {
  ...story,
  action: box([2], -100, 100),
  pay: (t, _, action) => Math.sin(t) * (action as Float32Array)[0]! - (action as Float32Array)[1]!,
};

const oneTrunk = network({ hidden: [4], heads: [3], sharedTrunk: true });

/** In other units than a network starts in. */
const paid: Story = { ...story, pay: (...given) => 20 + 5 * story.pay(...given) };

const masked: Story = { ...story, legal: (t, agent) => ((t + agent) % 3 === 0 ? [1, 0] : [1, 1]) };

describe('an update of PPO', () => {
  const settings: [string, Story, Partial<PpoOptions>][] = [
    ['of choices', story, {}],
    ['of continuous actions', continuous, {}],
    ['of masked choices', masked, {}],
    ['without clipping values, advantages as they are', story, { valueClip: null, normaliseAdvantages: 'none' }],
    ['with ValueNorm', paid, { valueNormalisation: 'valueNorm' }],
    ['with PopArt', paid, { valueNormalisation: 'popArt', valueClip: null }],
    ['with advantages normalised over the rollout', story, { normaliseAdvantages: 'rollout' }],
    ['with hidden layers in the heads', story, { network: network({ hidden: [4], heads: [3, 2] }) }],
    ['on one trunk', masked, { network: oneTrunk }],
    ['on one trunk, of continuous actions', continuous, { network: oneTrunk }],
    ['on one trunk, with PopArt', paid, { network: oneTrunk, valueNormalisation: 'popArt' }],
  ];
  for (const [name, told, change] of settings) {
    it(`${name} does what the reference does to every parameter`, async () => {
      const options: PpoOptions = {
        ...plain,
        network: network({ hidden: [4] }),
        rollout: T,
        epochs: 3,
        valueClip: 0.2,
        normaliseAdvantages: 'minibatch',
        learningRate: 0.02,
        // Adam divides by a gradient's size: where that is tiny, so large an epsilon keeps rounding errors small.
        adamEpsilon: 1e-3,
        ...change,
      };
      const { make, log } = watched(tell(told));
      const learner = await training({ make, copies: COPIES, learner: options });
      const random = stream(1, 'test/update');
      setParameters(learner, 'agent', (_, data) => data.map(() => 0.7 * random.normal()));
      const reference = new Reference(readParameters(learner), options);
      // Twice: the second rollout goes on in mid-episode, with what the optimiser and the scales remember.
      for (let from = 0; from < 2 * T; from += T) {
        const { metrics } = await learner.advance();
        const wanted = reference.learn(log.slice(from));
        const parameters = parametersOf(learner.save(), 'agent');
        assert.deepEqual(Object.keys(parameters).sort(), Object.keys(reference.parameters).sort());
        for (const [path, data] of Object.entries(parameters))
          assertClose(data, reference.parameters[path]!.data, 2e-4);
        for (const [term, value] of Object.entries(wanted)) assertClose([metrics[term]!], [value], 2e-4);
      }
      await learner.close();
    });
  }
});

function readParameters(learner: Training): Parameters {
  const { tensors } = learner.save();
  const found: Parameters = Object.fromEntries(
    Object.entries(tensors)
      .filter(([name]) => name.startsWith('agent/parameters/'))
      .map(([name, { shape, data }]) => [
        name.slice('agent/parameters/'.length),
        { shape, data: Float64Array.from(data) },
      ]),
  );
  return mapped(found, (parameter) => parameter);
}

/** What learns, in plain numbers. */
class Reference {
  private readonly optimiser: Adam;
  /** Moving mean and mean square of the targets, and what both are divided by. */
  private moving: readonly number[] = [0, 0, 0];

  constructor(
    readonly parameters: Parameters,
    private readonly options: PpoOptions,
  ) {
    const { learningRate, adamEpsilon: epsilon, maximumGradientNorm: maximumNorm } = options;
    this.optimiser = new Adam({ learningRate, epsilon, maximumNorm });
  }

  private get scale(): Scale {
    const [first, second, correction] = this.moving as [number, number, number];
    if (correction === 0) return { mean: 0, std: 1 };
    const mean = first / correction;
    return { mean, std: Math.sqrt(Math.max(second / correction - mean * mean, 0.01)) };
  }

  /** Changes the parameters as one iteration should; returns the means of the metrics over its epochs. */
  learn(log: readonly Seen[]): Record<string, number> {
    const { parameters, options } = this;
    const rows = rowsOf(parameters, log, options, this.scale);
    const sums: Record<string, number> = {};
    for (let epoch = 0; epoch < options.epochs; epoch++) {
      const seen = options.valueNormalisation === 'none' ? rows : this.rescaled(rows);
      const now = terms(parameters, seen, options);
      const gradientNorm = this.optimiser.step(parameters, gradients(parameters, seen, options));
      for (const [name, value] of Object.entries({ ...now, gradientNorm })) sums[name] = (sums[name] ?? 0) + value;
    }
    return Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, value / options.epochs]));
  }

  /** Takes the targets into the scale and puts them in its units; with PopArt, the critic's head as well. */
  private rescaled(rows: Rows): Rows {
    const before = this.scale;
    const living = rows.target.filter((_, r) => rows.weight[r] === 1);
    const seen = [sum(living) / living.length, sum(living.map((x) => x * x)) / living.length, 1];
    this.moving = this.moving.map((old, i) => 0.99999 * old + 0.00001 * seen[i]!);
    const { mean, std } = this.scale;
    if (this.options.valueNormalisation === 'popArt') {
      const weight = this.parameters['critic/head/weight']!.data;
      const bias = this.parameters['critic/head/bias']!.data;
      for (let i = 0; i < weight.length; i++) weight[i]! *= before.std / std;
      bias[0] = (before.std * bias[0]! + before.mean - mean) / std;
    }
    return { ...rows, target: rows.target.map((x) => (x - mean) / std) };
  }
}

interface Scale {
  readonly mean: number;
  readonly std: number;
}

/** What was lived through as rows: [T, copies, agents]. */
function rowsOf(parameters: Parameters, log: readonly Seen[], options: PpoOptions, { mean, std }: Scale): Rows {
  assert.equal(log.length, T);
  const N = 2;
  const K = COPIES * N;
  const D = story.width;
  const perRow = <X extends ArrayLike<number>>(pick: (step: Seen) => X, width: number): number[][] =>
    log.flatMap((step) =>
      Array.from({ length: K }, (_, k) => Array.from(pick(step)).slice(k * width, (k + 1) * width)),
    );
  const observation = perRow(({ observation }) => observation, D);
  const action = perRow(({ action }) => action, log[0]!.action.length / K);
  const hasMasks = log[0]!.mask.length > 0;
  const mask = hasMasks ? perRow(({ mask }) => mask, 2) : undefined;
  const alive = perRow((step) => step.alive, 1).flat();
  const raw = (x: readonly number[]): number => outputs(parameters, 'critic', x)[0]!;
  const V = (x: readonly number[]): number => std * raw(x) + mean;
  const last = Array.from({ length: K }, (_, k) => Array.from(log.at(-1)!.next).slice(k * D, (k + 1) * D));
  const track = {
    T,
    K,
    reward: Float32Array.from(perRow(({ reward }) => reward, 1).flat()),
    value: Float32Array.from([...observation, ...last].map(V)),
    finalValue: Float32Array.from(perRow(({ finalObservation }) => finalObservation, D).map(V)),
    terminated: Uint8Array.from(perRow(({ terminated }) => terminated, 1).flat()),
    truncated: Uint8Array.from(perRow(({ truncated }) => truncated, 1).flat()),
    alive: Uint8Array.from([...alive, ...alive.slice(0, K).map(() => 1)]),
  };
  const advantage = new Float32Array(T * K);
  const target = new Float32Array(T * K);
  generalisedAdvantages(track, options.discount, options.gaeLambda, advantage, target);
  return {
    observation,
    action,
    ...(mask === undefined ? {} : { mask: mask.map((row) => (row.includes(1) ? row : [1, 1])) }),
    oldLogProbability: observation.map((x, r) =>
      alive[r] === 0 ? 0 : judge(parameters, x, action[r]!, mask?.[r]).logProbability,
    ),
    advantage: options.normaliseAdvantages === 'none' ? [...advantage] : standardised([...advantage], alive),
    target: [...target],
    oldValue: observation.map(raw),
    weight: alive,
  };
}
