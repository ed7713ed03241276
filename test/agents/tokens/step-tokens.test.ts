import assert from 'node:assert/strict';
import {
  byteTokenizer,
  createStepTokens,
  type StepSpaces,
  type StepTokens,
  TARGET,
  TokenBuffer,
  type TokenSettings,
  vocabularyOf,
} from '../../../agents/tokens/index.ts';
import {
  box,
  createActions,
  createOutputs,
  dict,
  discrete,
  flatSize,
  flatten,
  makeEnvironment,
  multiBinary,
  multiDiscrete,
  type Space,
  type SpaceValue,
  text,
  tuple,
} from '../../../worlds/index.ts';

// text 0 to 255, discrete 256 to 271, bins 272 to 1295, codes 1296 to 1303, then the specials.
const vocabulary = vocabularyOf({ text: 256, discrete: 16, bins: 1024, codes: 8 });
const DISCRETE = 256;
const BINS = 272;
const { separator, patch, beginImage, endImage, endText } = vocabulary;
const settings: TokenSettings = {
  vocabulary,
  tokenizer: byteTokenizer(),
  textTokens: 8,
  patch: { size: 2, channels: 1 },
  imageCodes: null,
};
const make = (spaces: Partial<StepSpaces>, changes: Partial<TokenSettings> = {}): StepTokens =>
  createStepTokens(
    { observation: discrete(2), action: discrete(2), agents: 1, ...spaces },
    { ...settings, ...changes },
  );

function observed(tokens: StepTokens, space: Space, value: SpaceValue, agent = 0): TokenBuffer {
  const numbers = new Float32Array(flatSize(space) + 1);
  flatten(space, value, numbers, 1);
  const out = new TokenBuffer(settings.patch);
  tokens.observe(numbers, 1, agent, out);
  return out;
}

const ids = ({ ids, length }: TokenBuffer): number[] => [...ids.subarray(0, length)];
const locals = ({ local, length }: TokenBuffer): number[] => [...local.subarray(0, length)];
const targets = ({ target, length }: TokenBuffer): number[] => [...target.subarray(0, length)];

describe('tokens of a time step', () => {
  it('are bins, a separator and a choice in cart pole', () => {
    const environment = makeEnvironment('cartpole', 1);
    environment.setLevel!(0, { state: [0.01, 0.1, -0.1, 2] });
    const outputs = createOutputs(environment.groups, 1);
    environment.reset(1, outputs);
    const { observation, action } = environment.groups[0]!;
    const tokens = make({ observation, action });
    const out = new TokenBuffer();
    tokens.observe(outputs[0]!.observation, 0, 0, out);
    tokens.act(createActions(environment.groups, 1)[0]!.fill(1), 0, out);
    // By mu-law, but for the angle: its bounds lie within [-1, 1], so -0.1 is in bin floor(0.9 * 512).
    assert.deepEqual(ids(out), [BINS + 546, BINS + 632, BINS + 460, BINS + 779, separator, DISCRETE + 1]);
    assert.deepEqual(locals(out), [0, 1, 2, 3, 4, -1]);
    assert.deepEqual(targets(out), [0, 0, 0, 0, 0, TARGET.action]);
  });
});
