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

const masked: Story = { ...story, legal: (t, agent) => ((t + agent) % 3 === 0 ? [1, 0] : [1, 1]) };

describe('an update of PPO', () => {
  const settings: [string, Story, Partial<PpoOptions>][] = [
    ['of choices', story, {}],
    ['of continuous actions', continuous, {}],
    ['of masked choices', masked, {}],
    ['without clipping values, advantages as they are', story, { valueClip: null, normaliseAdvantages: 'none' }],
    ['with advantages normalised over the rollout', story, { normaliseAdvantages: 'rollout' }],
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
      const parameters = readParameters(learner);
      const { metrics } = await learner.advance();
      const wanted = referenceUpdate(parameters, log, options);
      for (const [path, data] of Object.entries(parametersOf(learner.save(), 'agent')))
        assertClose(data, parameters[path]!.data, 1e-4);
      for (const [term, value] of Object.entries(wanted)) assertClose([metrics[term]!], [value], 1e-4);
      assert.equal(Object.keys(parameters).length, Object.keys(parametersOf(learner.save(), 'agent')).length);
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

/** Changes `parameters` as one iteration should; returns the means of the metrics over its epochs. */
function referenceUpdate(parameters: Parameters, log: readonly Seen[], options: PpoOptions): Record<string, number> {
  const rows = rowsOf(parameters, log, options);
  const optimiser = new Adam({
    learningRate: options.learningRate,
    epsilon: options.adamEpsilon,
    maximumNorm: options.maximumGradientNorm,
  });
  const sums: Record<string, number> = {};
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const now = terms(parameters, rows, options);
    const gradientNorm = optimiser.step(parameters, gradients(parameters, rows, options));
    for (const [name, value] of Object.entries({ ...now, gradientNorm })) sums[name] = (sums[name] ?? 0) + value;
  }
  return Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, value / options.epochs]));
}

/** What was lived through as rows: [T, copies, agents]. */
function rowsOf(parameters: Parameters, log: readonly Seen[], options: PpoOptions): Rows {
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
  const V = (x: readonly number[]): number => outputs(parameters, 'critic', x)[0]!;
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
    oldValue: observation.map(V),
    weight: alive,
  };
}
