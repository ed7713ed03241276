import assert from 'node:assert/strict';
import { preserveOutputs, ValueScale } from '../../agents/value-scale.ts';
import { stream } from '../../core/index.ts';
import { assertClose } from '../nn/close.ts';

describe('the value scale', () => {
  it('is mean 0 and deviation 1 before the first target', () => {
    const { mean, std } = new ValueScale();
    assert.deepEqual([mean, std], [0, 1]);
  });

  it('is that of the first minibatch after it, however small the step: the bias is corrected', () => {
    const scale = new ValueScale();
    scale.update(3, 25); // mean 3, mean square 25: variance 16
    assertClose([scale.mean, scale.std], [3, 4], 1e-9);
  });

  it('weighs what it has seen with a decay of 0.99999', () => {
    const scale = new ValueScale();
    const decay = 0.99999;
    const seen = [1, 5, -2, 8];
    let [first, second, total] = [0, 0, 0];
    for (const [i, x] of seen.entries()) {
      scale.update(x, x * x + 1);
      const weight = (1 - decay) * decay ** (seen.length - 1 - i);
      first += weight * x;
      second += weight * (x * x + 1);
      total += weight;
    }
    const mean = first / total;
    assertClose([scale.mean, scale.std], [mean, Math.sqrt(second / total - mean * mean)], 1e-6);
  });

  it('never lets the deviation fall below 0.1, so that equal targets do not blow up', () => {
    const scale = new ValueScale();
    scale.update(7, 49);
    assertClose([scale.std], [0.1], 1e-9);
  });

  it('goes on where it was saved', () => {
    const [one, other] = [new ValueScale(), new ValueScale()];
    one.update(3, 25);
    one.update(4, 20);
    other.restore(JSON.parse(JSON.stringify(one.state())));
    one.update(-1, 9);
    other.update(-1, 9);
    assert.deepEqual(one.state(), other.state());
  });
});

describe('PopArt', () => {
  it('moves the head so that outputs in the new scale are what they were in the old one', () => {
    const random = stream(3, 'test/popArt');
    const inputs = 7;
    const weight = Float32Array.from({ length: inputs * 2 }, () => random.normal());
    const bias = Float32Array.from({ length: 2 }, () => random.normal());
    const from = { mean: -3, std: 0.5 };
    const to = { mean: 250, std: 40 };
    const rows = Array.from({ length: 20 }, () => Array.from({ length: inputs }, () => random.normal()));
    const outputs = ({ mean, std }: typeof from): number[] =>
      rows.flatMap((x) =>
        [0, 1].map((o) => mean + std * (bias[o]! + x.reduce((sum, xi, i) => sum + xi * weight[i * 2 + o]!, 0))),
      );
    const before = outputs(from);
    preserveOutputs(weight, bias, from, to);
    // float32 parameters: an absolute rounding of about 250 * 2^-24 for the mean that is taken off and put on
    assertClose(outputs(to), before, 1e-4);
  });
});
