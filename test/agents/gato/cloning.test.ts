import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { Cloning, cloningOptimiser } from '../../../agents/gato/cloning.ts';
import { GatoModel, type GatoOf } from '../../../agents/gato/model.ts';
import type { GatoBackboneOptions, GatoOptions } from '../../../agents/gato/options.ts';
import { gatoDefaults } from '../../../agents/gato/options.ts';
import { type PackedBatch, Packer } from '../../../agents/gato/packing.ts';
import { scoreTargets } from '../../../agents/gato/target-loss.ts';
import { LearnerState } from '../../../agents/learner-state.ts';
import { byteTokenizer, createStepTokens, type PatchShape, vocabularyOf } from '../../../agents/tokens/index.ts';
import { LightbulbError, stream } from '../../../core/index.ts';
import {
  compile,
  float32,
  fromLeaves,
  int32,
  layoutOf,
  leaves,
  onnxExecutor,
  pack,
  type tf,
  type Value,
} from '../../../nn/index.ts';
import {
  type BatchedEnvironment,
  counting,
  dodge,
  dodgeBlocks,
  echoClock,
  type ScriptedPolicy,
} from '../../../worlds/index.ts';
import { EpisodeSource, groupsOf, playTracks } from './episode-source.ts';

const vocabulary = vocabularyOf({ text: 1, discrete: 8, bins: 64, codes: 0 });
const executor = onnxExecutor();

const BACKBONE: GatoBackboneOptions = { ...gatoDefaults.backbone, width: 32, layers: 2, heads: 2 };

interface Rig {
  readonly model: GatoModel;
  readonly learner: LearnerState;
  readonly cloning: Cloning;
  readonly packer: Packer;
}

function rig({
  make = () => counting(1, { agents: 2 }),
  policy = echoClock(4),
  patch = null,
  backbone = {},
  options = {},
}: {
  make?: () => BatchedEnvironment;
  policy?: ScriptedPolicy;
  patch?: PatchShape | null;
  backbone?: Partial<GatoBackboneOptions>;
  options?: Partial<GatoOptions>;
} = {}): Rig {
  const all = { ...gatoDefaults, length: 48, batch: 4, weightDecay: 0, ...options };
  const groups = groupsOf(make());
  const settings = {
    vocabulary,
    tokenizer: byteTokenizer(),
    textTokens: 8,
    patch: patch ?? { size: 1, channels: 1 },
    imageCodes: null,
  };
  const tokens = groups.map(({ observation, action, agents }) =>
    createStepTokens({ observation, action, agents: agents.length }, settings),
  );
  const model = new GatoModel({
    vocabulary,
    backbone: { ...BACKBONE, ...backbone },
    length: all.length,
    localPositions: tokens[0]!.layout.observationTokens,
    patch,
    hasValue: true,
  });
  const initial = model.init(stream(1, 'initial'));
  const layout = layoutOf<GatoOf<Value>>(initial);
  const learner = new LearnerState(pack(initial), layout, cloningOptimiser(all, 0));
  const source = new EpisodeSource(groups, playTracks(make(), policy, 6, 1), 4, 1);
  const tasks = [{ name: 'task', source, tokens, weight: 1 }];
  const packer = new Packer(tasks, { ...all, vocabulary, patch, seed: 1 });
  return { model, learner, packer, cloning: new Cloning({ model, learner, layout, options: all, executor, seed: 1 }) };
}

/** A copy that later batches do not write over. */
function kept(batch: PackedBatch): PackedBatch {
  const copied = <T extends object>(values: T): T =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]: [string, Value]) => [name, { ...value, data: value.data.slice() }]),
    ) as T;
  return {
    ...batch,
    inputs: copied(batch.inputs),
    targets: copied(batch.targets),
    task: batch.task.slice(),
    kind: batch.kind.slice(),
  };
}

const parametersOf = ({ learner }: Rig): Float32Array => (learner.current.parameters!.data as Float32Array).slice();

describe('cloning', () => {
  it('knows nothing at first: a loss near ln V, over the ids that can be predicted', () => {
    const { cloning, packer } = rig();
    // The patch and the padding are never predicted.
    const expected = Math.log(vocabulary.size - 2);
    const { loss, crossEntropy } = cloning.update(packer.next(), 0);
    // Logits begin with a variance of about 1, which costs up to about half a nat.
    ok(loss > expected - 0.1 && loss < expected + 0.8, `${loss} against ${expected}`);
    ok(crossEntropy.every((nats) => Math.abs(nats - expected) < 4));
  });

  it('scores targets as worked out by hand, and no others', () => {
    const { model } = rig({ backbone: { zLoss: 0.01 } });
    const parameters = model.init(stream(3, 'initial'));
    const random = stream(4, 'hidden');
    const hidden = float32(
      [2, 3, 32],
      Array.from({ length: 192 }, () => 3 * random.normal()),
    );
    const [at, target, weight] = [
      [4, 0, 0],
      [7, 70, 1],
      [0.75, 0.25, 0],
    ];
    const named = leaves<Value>(parameters).map(([path, leaf]): [string, Value] => [`p/${path}`, leaf]);
    const program = compile(
      ({ hidden: vectors, at: places, target: ids, weight: shares, ...rest }) => {
        const tree = fromLeaves(Object.entries(rest).map(([path, leaf]) => [path.slice(2), leaf])) as GatoOf<tf.Tensor>;
        return { ...scoreTargets(model, tree, vectors!, { at: places!, target: ids!, weight: shares! }) };
      },
      { name: 'scores', executor },
    );
    const scores = program.run({
      ...Object.fromEntries(named),
      hidden,
      at: int32([3], at),
      target: int32([3], target),
      weight: float32([3], weight),
    });
    const table = parameters.backbone.token.table.data;
    let expected = 0;
    for (const [m, place] of at.entries()) {
      const logits = Array.from({ length: vocabulary.size }, (_, id) => {
        if (id === vocabulary.patch || id === vocabulary.padding) return Number.NEGATIVE_INFINITY;
        let sum = 0;
        for (let d = 0; d < 32; d++) sum += hidden.data[place * 32 + d]! * table[id * 32 + d]!;
        return sum;
      });
      const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
      const nats = logSum - logits[target[m]!]!;
      expected += weight[m]! * (nats + 0.01 * logSum ** 2);
      ok(Math.abs(scores.crossEntropy!.data[m]! - nats) < 1e-4);
      equal(scores.isRight!.data[m], logits[target[m]!] === Math.max(...logits) ? 1 : 0);
    }
    ok(Math.abs(scores.loss!.data[0]! - expected) < 1e-4);
  });

  it('learns one batch by heart, and one of pictures', () => {
    const pictures = { make: () => dodge(1, { size: 8 }), policy: dodgeBlocks(8, 2), patch: { size: 4, channels: 1 } };
    for (const setting of [{}, pictures]) {
      const { cloning, packer } = rig(setting);
      const batch = kept(packer.next());
      let scores = cloning.update(batch, 3e-3);
      for (let n = 0; n < 80; n++) scores = cloning.update(batch, 3e-3);
      ok(scores.loss < 0.1, `loss ${scores.loss}`);
      ok(scores.isRight.subarray(0, batch.count).every((right) => right === 1));
      cloning.dispose();
    }
  });

  it('decays matrices alone, by the rate times the decay', () => {
    const made = rig({ options: { weightDecay: 0.5 } });
    const { cloning, learner, packer } = made;
    const before = parametersOf(made);
    const batch = packer.next();
    batch.targets.weight.data.fill(0);
    const { loss, gradientNorm } = cloning.update(batch, 0.1);
    deepEqual([loss, gradientNorm], [0, 0]);
    const after = parametersOf(made);
    for (const { path, shape, offset, size } of learner.layout.slots) {
      const factor = shape.length >= 2 ? 0.95 : 1;
      for (let i = offset; i < offset + size; i++)
        ok(Math.abs(after[i]! - factor * before[i]!) < 1e-6, `${path} ${before[i]} ${after[i]}`);
    }
  });

  it('clips what it reports the length of', () => {
    const step = (maximumGradientNorm: number): { norm: number; moments: number } => {
      const { cloning, learner, packer } = rig({ options: { maximumGradientNorm } });
      const { gradientNorm } = cloning.update(packer.next(), 1e-3);
      const name = Object.keys(learner.current).find((path) => path.endsWith('/mean') && !path.includes('correction'))!;
      const mean = learner.current[name]!.data as Float32Array;
      return { norm: gradientNorm, moments: Math.hypot(...mean) };
    };
    const [free, clipped] = [step(1e9), step(0.01)];
    equal(clipped.norm, free.norm);
    // The first moments are a tenth of the gradient.
    ok(Math.abs(free.moments / (0.1 * free.norm) - 1) < 1e-4);
    ok(Math.abs(clipped.moments / 0.001 - 1) < 1e-4);
  });

  it('drops what the noise says, from a stream of its own that is saved', () => {
    const without = rig();
    const made = rig({ backbone: { dropout: 0.3 } });
    const again = rig({ backbone: { dropout: 0.3 } });
    const batch = kept(made.packer.next());
    const first = made.cloning.update(batch, 0).loss;
    ok(first !== without.cloning.update(batch, 0).loss);
    const saved = made.cloning.save();
    const second = made.cloning.update(batch, 0).loss;
    ok(first !== second);
    equal(again.cloning.update(batch, 0).loss, first);
    again.cloning.update(batch, 0);
    again.cloning.load(JSON.parse(JSON.stringify(saved)));
    equal(again.cloning.update(batch, 0).loss, second);
  });

  it('stops before a parameter is lost where a number is not finite', () => {
    const made = rig();
    const { cloning, learner, packer } = made;
    cloning.update(packer.next(), 1e-3);
    const batch = packer.next();
    const before = parametersOf(made);
    batch.targets.weight.data[0] = Number.NaN;
    throws(
      () => cloning.update(batch, 1e-3),
      (error) => error instanceof LightbulbError && error.code === 'not_finite',
    );
    deepEqual(Buffer.from(parametersOf(made).buffer).equals(Buffer.from(before.buffer)), true);
    equal(learner.turn, 1);
  });
});
