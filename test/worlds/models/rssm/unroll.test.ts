import assert from 'node:assert/strict';
import { compile, float32, fromLeaves, leaves, type Tree, tf, type Value } from '../../../../nn/index.ts';
import { detached } from '../../../../worlds/models/detached.ts';
import { type CellOf, recur } from '../../../../worlds/models/rssm/cell.ts';
import { drawn, type LatentShape, mixed, softmaxed } from '../../../../worlds/models/rssm/latents.ts';
import { type Unrolled, type UnrollInputs, unroll } from '../../../../worlds/models/rssm/unroll.ts';
import { normedSilu } from '../../../../worlds/models/trunk.ts';
import { assertClose, wave } from '../../../nn/close.ts';

const [L, B, H, U] = [4, 3, 5, 6];
const SHAPE: LatentShape = { groups: 2, classes: 4, mix: 0.01 };
const Z = 8;

const cellOf = (): CellOf<tf.Tensor> => ({
  input: { latent: wave([Z, U], 1.3), scale: tf.add(wave([U], 0.7), 1) },
  gates: { weight: wave([U + H, 3 * H], 2.1), bias: wave([3 * H], 0.9) },
  posterior: { weight: wave([H, U], 1.7), scale: tf.add(wave([U], 1.9), 1) },
  logits: { weight: wave([U, Z], 2.9), bias: wave([Z], 0.4) },
});

const inputsOf = (): UnrollInputs => ({
  action: wave([L * B, U], 0.31),
  observation: wave([L * B, U], 0.77),
  // One sequence has an episode's beginning in the middle.
  keep: tf.tensor2d([1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1], [L * B, 1]),
  uniform: tf.add(wave([L * B, SHAPE.groups], 3.3), 0.5),
  deter: wave([B, H], 0.6),
  latent: tf.oneHot(tf.tensor1d([1, 3, 0], 'int32'), Z),
});

/** The logits of what is drawn: SiLU of an RMSNorm, and a layer. */
function posterior(cell: CellOf<tf.Tensor>, deter: tf.Tensor, observation: tf.Tensor): tf.Tensor {
  const before = tf.add(tf.dot(deter, cell.posterior.weight), observation);
  return tf.add(tf.dot(normedSilu(before, cell.posterior.scale), cell.logits.weight), cell.logits.bias);
}

/** The same with autodiff alone: `hard + p - stop(p)` as the straight-through draw. */
function byAutodiff(cell: CellOf<tf.Tensor>, inputs: UnrollInputs): Unrolled {
  const steps: { deter: tf.Tensor; logits: tf.Tensor; latent: tf.Tensor }[] = [];
  let { deter, latent } = inputs;
  const row = (x: tf.Tensor, t: number): tf.Tensor => tf.slice(x, [t * B, 0], [B, -1]);
  for (let t = 0; t < L; t++) {
    const keep = row(inputs.keep, t);
    deter = recur(cell, tf.mul(deter, keep), tf.mul(latent, keep), row(inputs.action, t));
    const logits = posterior(cell, deter, row(inputs.observation, t));
    const soft = tf.reshape(mixed(softmaxed(logits, SHAPE), SHAPE), [B, Z]);
    const hard = tf.customGrad((x) => ({
      value: drawn(mixed(softmaxed(x as tf.Tensor, SHAPE), SHAPE), row(inputs.uniform, t), SHAPE),
      gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
    }))(logits);
    latent = tf.add(hard, tf.sub(soft, detached(soft)));
    steps.push({ deter, logits, latent });
  }
  return {
    deter: tf.concat(steps.map((step) => step.deter)),
    logits: tf.concat(steps.map((step) => step.logits)),
    latent: tf.concat(steps.map((step) => step.latent)),
  };
}

/** Something that weighs every number of the result differently. */
function score({ deter, logits, latent }: Unrolled): tf.Scalar {
  const weighed = [deter, logits, latent].map((x, i) => tf.sum<tf.Scalar>(tf.mul(x, wave(x.shape, 0.17 + i))));
  return weighed.reduce((sum, each) => tf.add(sum, each));
}

/** The gradients of `score` by name. */
function gradients(run: typeof byAutodiff, cell: CellOf<tf.Tensor>, inputs: UnrollInputs): Record<string, tf.Tensor> {
  const named = leaves<tf.Tensor>({ cell, action: inputs.action, observation: inputs.observation });
  const grads = tf.grads((...given: tf.Tensor[]) => {
    const tree = fromLeaves(named.map(([path], i) => [path, given[i]!] as const)) as {
      cell: CellOf<tf.Tensor>;
      action: tf.Tensor;
      observation: tf.Tensor;
    };
    return score(run(tree.cell, { ...inputs, action: tree.action, observation: tree.observation }));
  })(named.map(([, leaf]) => leaf));
  return Object.fromEntries(named.map(([path], i) => [path, grads[i]!]));
}

const unrolled: typeof byAutodiff = (cell, inputs) => unroll(cell, inputs, SHAPE);

describe('the unrolled cell of an RSSM', () => {
  it('gives what its steps give one by one, and latents that are exactly one-hot', () => {
    tf.tidy(() => {
      const [got, wanted] = [unrolled(cellOf(), inputsOf()), byAutodiff(cellOf(), inputsOf())];
      for (const name of ['deter', 'logits', 'latent'] as const)
        assertClose(got[name].dataSync(), wanted[name].dataSync(), 1e-5);
      for (const number of got.latent.dataSync()) assert.ok(number === 0 || number === 1);
    });
  });

  it('has the gradients that autodiff finds, straight through the draws and through time', () => {
    tf.tidy(() => {
      const wanted = gradients(byAutodiff, cellOf(), inputsOf());
      const got = gradients(unrolled, cellOf(), inputsOf());
      for (const [path, gradient] of Object.entries(wanted)) {
        const numbers = gradient.dataSync();
        assert.ok(
          numbers.some((number) => Math.abs(number) > 1e-3),
          path,
        );
        assertClose(got[path]!.dataSync(), numbers, 2e-5);
      }
    });
  });

  it('is the same compiled', () => {
    const tree = { cell: cellOf(), inputs: { ...inputsOf() } };
    const given = Object.fromEntries(
      leaves<tf.Tensor>(tree).map(([path, leaf]): [string, Value] => [
        path,
        float32(leaf.shape, leaf.dataSync() as Float32Array),
      ]),
    );
    const program = compile((named) => {
      const { cell, inputs } = fromLeaves(Object.entries(named)) as unknown as typeof tree;
      return gradients(unrolled, cell, inputs);
    });
    const got = program.run(given);
    program.dispose();
    tf.tidy(() => {
      const wanted: Tree<tf.Tensor> = gradients(unrolled, cellOf(), inputsOf());
      for (const [path, gradient] of Object.entries(wanted as Record<string, tf.Tensor>))
        assertClose(got[path]!.data, gradient.dataSync(), 1e-4);
    });
  });
});
