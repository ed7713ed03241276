import { assertClose } from '../nn/close.ts';
import { Adam, gradients, judge, type Parameters, type Rows, standardised, terms } from './reference.ts';

/** 0.5 sin((i + 1) k) for i below the size: as easy to write in PyTorch. */
function wave(size: number, k: number): number[] {
  return Array.from({ length: size }, (_, i) => 0.5 * Math.sin((i + 1) * k));
}

function rowsOf(flat: readonly number[], width: number): number[][] {
  return Array.from({ length: flat.length / width }, (_, r) => flat.slice(r * width, (r + 1) * width));
}

/**
 * The numbers are CleanRL's loss (ppo.py, with masks and weights added) in PyTorch 2.13, float64, on waves:
 *
 *   actor: tanh(obs @ wave([3, 4], 1.1) + wave([4], 0.7)) @ wave([4, 3], 1.7) + wave([3], 0.3), -1e9 where not legal
 *   critic: tanh(obs @ wave([3, 4], 0.9) + wave([4], 2.1)) @ wave([4, 1], 1.3) + wave([1], 0.5)
 *   obs = 2 * wave([8, 3], 2.3); logratio = log_prob - (log_prob.detach() + 0.6 * wave([8], 1.9))
 *   A = 4 * wave([8], 0.8), standardised; returns = 3 * wave([8], 1.2); old values = wave([8], 2.7)
 *   loss = pg - 0.01 * entropy + 0.5 * v; loss.backward()
 *   clip_grad_norm_(0.5); Adam(lr=0.1, eps=1e-5).step()
 */
describe('the reference of the update', () => {
  const shapes: [string, number[], number][] = [
    ['actor/body/hidden/0/weight', [3, 4], 1.1],
    ['actor/body/hidden/0/bias', [4], 0.7],
    ['actor/head/weight', [4, 3], 1.7],
    ['actor/head/bias', [3], 0.3],
    ['critic/body/hidden/0/weight', [3, 4], 0.9],
    ['critic/body/hidden/0/bias', [4], 2.1],
    ['critic/head/weight', [4, 1], 1.3],
    ['critic/head/bias', [1], 0.5],
  ];
  const parameters: Parameters = Object.fromEntries(
    shapes.map(([path, shape, k]) => [
      path,
      {
        shape,
        data: Float64Array.from(
          wave(
            shape.reduce((a, b) => a * b),
            k,
          ),
        ),
      },
    ]),
  );
  const observation = rowsOf(wave(24, 2.3), 3).map((row) => row.map((x) => 2 * x));
  const action = [0, 1, 2, 2, 1, 0, 0, 2].map((a) => [a]);
  const mask = action.map((_, r) => (r === 1 ? [0, 1, 1] : r === 3 ? [1, 0, 1] : [1, 1, 1]));
  const weight = [1, 1, 1, 1, 1, 0, 1, 1];
  const drift = wave(8, 1.9);
  const rows: Rows = {
    observation,
    action,
    mask,
    weight,
    oldLogProbability: observation.map(
      (x, r) => judge(parameters, x, action[r]!, mask[r]).logProbability + 0.6 * drift[r]!,
    ),
    advantage: standardised(
      wave(8, 0.8).map((x) => 4 * x),
      weight,
    ),
    target: wave(8, 1.2).map((x) => 3 * x),
    oldValue: wave(8, 2.7),
  };
  const settings = { clip: 0.2, valueClip: 0.2, valueCoefficient: 0.5, entropyCoefficient: 0.01 };

  it("has PyTorch's loss terms", () => {
    const wanted = {
      'loss/policy': -0.06609313,
      'loss/value': 0.79953248,
      'loss/entropy': 0.8945415,
      approximateKl: 0.01953515,
      clipFraction: 0.42857143,
    };
    const got = terms(parameters, rows, settings);
    assertClose(
      Object.keys(wanted).map((name) => got[name]!),
      Object.values(wanted),
      1e-7,
    );
  });

  it("has PyTorch's gradients", () => {
    const got = gradients(parameters, rows, settings);
    // biome-ignore format: recorded numbers
    const wanted: Record<string, number[]> = {
      'actor/body/hidden/0/weight': [-0.0727853, -0.1067832, 0.008434, 0.0822066, 0.0878282, 0.0485891, -0.0332931, -0.084308, -0.0442504, 0.0420357, 0.0359307, 0.0301382],
      'actor/head/weight': [-0.0114454, -0.0332112, 0.0446567, 0.0591251, -0.0331865, -0.0259386, 0.0866038, 0.0259737, -0.1125774, 0.0443186, 0.0836036, -0.1279222],
      'actor/head/bias': [0.0741879, 0.1273185, -0.2015064],
      'critic/body/hidden/0/bias': [0.0233463, 0.0282708, -0.0213568, -0.0719999],
      'critic/head/weight': [0.1797237, 0.0091463, -0.0869192, -0.0892643],
      'critic/head/bias': [0.0773042],
    };
    for (const [path, numbers] of Object.entries(wanted)) assertClose(got[path]!.data, numbers, 1e-6);
  });

  it("takes PyTorch's step", () => {
    const grads = gradients(parameters, rows, settings);
    const moved = structuredClone(parameters);
    const norm = new Adam({ learningRate: 0.1, epsilon: 1e-5, maximumNorm: 0.5 }).step(moved, grads);
    assertClose([norm], [0.555246120742406], 1e-6);
    assertClose(moved['actor/head/bias']!.data, [0.0477751, 0.18233, 0.4916579], 1e-6);
    assertClose(moved['critic/head/weight']!.data, [0.3817853, 0.157872, -0.2438959, -0.3417398], 1e-6);
  });
});
