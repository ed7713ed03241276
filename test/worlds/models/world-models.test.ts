import {
  actionWidth,
  createRssm,
  createTransformer,
  rssmDefaults,
  transformerDefaults,
  VaeRnn,
  vaeRnnDefaults,
} from '../../../worlds/models/index.ts';
import { describeWorldModel } from './describe-world-model.ts';

const rssm = { ...rssmDefaults, deterministic: 32, groups: 4, classes: 4, units: 32, rewardBins: 41 };
const transformer = {
  ...transformerDefaults,
  width: 32,
  heads: 2,
  window: 4,
  groups: 4,
  classes: 4,
  units: 32,
  rewardBins: 41,
};

describeWorldModel('rssm', (observation, action) => createRssm(observation, actionWidth(action), rssm));
for (const tokens of [1, 3])
  describeWorldModel(
    `transformer, ${tokens} ${tokens === 1 ? 'token' : 'tokens'} a step`,
    (observation, action) => createTransformer(observation, actionWidth(action), { ...transformer, tokens }),
    { steps: 600, learningRate: 4e-3 },
  );
describeWorldModel('vae-rnn', (observation, action) => new VaeRnn(observation, action, vaeRnnDefaults));
