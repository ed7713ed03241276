import assert from 'node:assert/strict';
import { stream } from '../../../core/index.ts';
import { createJointLearner, type SharedValueOptions } from '../../../mas/value/index.ts';
import { onnxExecutor } from '../../../nn/index.ts';
import { dict, flatten, type Group, multiDiscrete, text } from '../../../worlds/index.ts';
import { act, emptyRound, plain } from './rig.ts';

const ARTICLE = 'one two three';

/** Parameters after an update on a round of utterances of up to `components` words, and the metrics of it. */
async function updated(components: number, ratio: SharedValueOptions['ratio']) {
  const groups: Group[] = [
    {
      name: 'speaker',
      agents: ['speaker'],
      observation: dict({ article: text(16) }),
      action: multiDiscrete(new Array<number>(components).fill(4), { first: 1, to: 'article' }),
      masked: false,
    },
  ];
  const B = 8;
  const options: SharedValueOptions = {
    ...plain,
    encoder: {
      kind: 'backbone',
      width: 8,
      layers: 1,
      heads: 2,
      vocabulary: 16,
      words: 128,
      wordDropout: 0,
      dropout: 0,
    },
    rollout: 1,
    epochs: 4,
    minibatches: 1,
    learningRate: 0.05,
    entropyCoefficient: 0,
    ratio,
  };
  const spec = { groups, feedbackKinds: [], copies: B, options, executor: onnxExecutor(), seed: 1 };
  const learner = createJointLearner(spec);
  const round = emptyRound(groups, 1, B);
  for (let b = 0; b < B; b++)
    flatten(groups[0]!.observation, { article: ARTICLE }, round.groups[0]!.observation, b * 16);
  round.groups[0]!.terminated.fill(1);
  act(groups, round, [learner.policy.actor(0, B)], learner.parameters, stream(2, 'test'));
  for (let b = 0; b < B; b++) round.teamReward[b] = b % 2;
  const metrics = await learner.learn(round, 0);
  const parameters = learner.parameters.slice();
  learner.close();
  return { parameters, metrics };
}

describe('the ratio of an utterance', () => {
  it('is the same either way for one word', async () => {
    assert.deepEqual(await updated(1, 'perWord'), await updated(1, 'joint'));
  });

  it('moves less by word, where there are several', async () => {
    const [joint, perWord] = [await updated(3, 'joint'), await updated(3, 'perWord')];
    assert.notDeepEqual(perWord.parameters, joint.parameters);
    assert.ok(joint.metrics.approximateKl! > 0);
    assert.ok(perWord.metrics.approximateKl! < joint.metrics.approximateKl!, JSON.stringify([joint, perWord]));
  });
});
