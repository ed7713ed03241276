import { strict as assert } from 'node:assert';
import { stream } from '../../../../core/index.ts';
import { compile, flattened, float32, restored, type Tree, tf, type Value } from '../../../../nn/index.ts';
import type { ModelSequence } from '../../../../worlds/models/index.ts';
import { VaeRnn, type VaeRnnOptions, vaeRnnDefaults } from '../../../../worlds/models/vae-rnn/index.ts';
import { crossEntropy } from '../../../../worlds/models/vae-rnn/memory.ts';
import { drawMixture, logDensity, mixtureOf } from '../../../../worlds/models/vae-rnn/mixture.ts';
import { divergence, drawLatent, type Vision, visionLoss } from '../../../../worlds/models/vae-rnn/vision.ts';

const picture = { type: 'box', shape: [8, 8, 1], low: 0, high: 255, dtype: 'uint8' } as const;
const vector = { type: 'box', shape: [3], low: -10, high: 10 } as const;
const choice = { type: 'discrete', n: 3 } as const;
const small: VaeRnnOptions = { ...vaeRnnDefaults, latent: 3, channels: [4], hidden: [6], units: 5, mixtures: 2 };

/** The numbers that a tensor function answers, by name. */
function numbers(inputs: Record<string, Value>, f: (t: Record<string, tf.Tensor>) => Record<string, tf.Tensor>) {
  const program = compile((given) => f(given as Record<string, tf.Tensor>));
  const outputs = program.run(inputs);
  program.dispose();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data)]));
}

function close(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-5): void {
  assert.equal(got.length, wanted.length);
  for (let i = 0; i < wanted.length; i++)
    assert.ok(Math.abs(got[i]! - wanted[i]!) <= tolerance, `${i}: ${got[i]} for ${wanted[i]}`);
}

describe("V's loss", () => {
  /** Codes everything as mean 1 and log variance 0 in two numbers, and paints 0.5 in two pixels. */
  const plain: Vision = {
    initialise: () => assert.fail(),
    encode: (_, x) => ({ mean: tf.onesLike(x), logVariance: tf.zerosLike(x) }),
    decode: (_, z) => tf.mul(tf.onesLike(z), 0.5),
  };
  const lossWith = (freeBits: number, reconstruction: number) =>
    numbers({ x: float32([2, 2], [1, 0, 0.5, 0.5]), noise: float32([2, 2], [1, 2, 3, 4]) }, ({ x, noise }) => {
      const options = { ...vaeRnnDefaults, latent: 2, freeBits, reconstruction };
      const found = visionLoss(plain, {} as never, x!, noise!, options);
      return { loss: found.loss, reconstruction: found.reconstruction, divergence: found.divergence, z: found.z };
    });

  it('is the sum over pixels and the divergence, worked by hand', () => {
    // (1 - .5)^2 + (0 - .5)^2 = .5 and 0: mean .25. KL of N(1, 1) is .5 for each number: 1.
    const { loss, reconstruction, divergence: nats, z } = lossWith(0, 1);
    close(reconstruction!, [0.25]);
    close(nats!, [1]);
    close(loss!, [1.25]);
    close(z!, [2, 3, 4, 5]);
    close(lossWith(0, 4).loss!, [2]);
  });

  it('has a floor of free bits under the divergence', () => {
    close(lossWith(0.5, 1).loss!, [1.25]);
    close(lossWith(0.7, 1).loss!, [0.25 + 1.4]);
  });

  it('gives no gradient to a divergence under the floor, and its own above', () => {
    const gradient = (freeBits: number) =>
      numbers({ mean: float32([1, 2], [0.3, -0.2]) }, ({ mean }) => {
        const loss = (m: tf.Tensor) =>
          tf.mean(tf.maximum(divergence({ mean: m, logVariance: tf.zerosLike(m) }), freeBits * 2));
        return { gradient: tf.grad(loss)(mean!) };
      }).gradient!;
    close(gradient(0.5), [0, 0]);
    close(gradient(0), [0.3, -0.2]);
  });

  it('has the divergence of Gaussians', () => {
    const [mean, logVariance] = [0.7, -1.2];
    const wanted = 0.5 * (Math.exp(logVariance) + mean ** 2 - 1 - logVariance);
    const { kl } = numbers({ m: float32([1, 1], [mean]), v: float32([1, 1], [logVariance]) }, ({ m, v }) => ({
      kl: divergence({ mean: m!, logVariance: v! }),
    }));
    close(kl!, [wanted]);
  });
});

describe('mixtures', () => {
  const [logits, means, deviations] = [
    [0.3, -0.5],
    [1, -2],
    [0.5, 1.5],
  ] as const;
  /** One number, two components: the head's numbers are logits, means, log deviations. */
  const head = float32([1, 6], [...logits, ...means, ...deviations.map(Math.log)]);
  const weights = logits.map((l) => Math.exp(l) / (Math.exp(logits[0]) + Math.exp(logits[1])));
  const density = (z: number) =>
    weights.reduce((sum, w, k) => {
      const [m, s] = [means[k]!, deviations[k]!];
      return sum + (w / (s * Math.sqrt(2 * Math.PI))) * Math.exp(-0.5 * ((z - m) / s) ** 2);
    }, 0);

  it('have the density of their sum', () => {
    for (const z of [-3, 0, 0.4, 2]) {
      const { log } = numbers({ head, z: float32([1, 1], [z]) }, ({ head, z }) => ({
        log: logDensity(mixtureOf(head!, 2, 1), z!),
      }));
      close(log!, [Math.log(density(z))]);
    }
  });

  it('keep each number by itself', () => {
    const random = stream(1, 'mixture');
    const both = float32([1, 3 * 2 * 2]);
    random.fillNormal(both.data as Float32Array);
    const of = (z: number) => both.data.filter((_, i) => i % 2 === z);
    const each = [0, 1].map((z) =>
      numbers({ head: float32([1, 6], Array.from(of(z))), z: float32([1, 1], [0.3]) }, ({ head, z }) => ({
        log: logDensity(mixtureOf(head!, 2, 1), z!),
      })),
    );
    const together = numbers({ head: both, z: float32([1, 2], [0.3, 0.3]) }, ({ head, z }) => ({
      log: logDensity(mixtureOf(head!, 2, 2), z!),
    }));
    close(together.log!, [...each[0]!.log!, ...each[1]!.log!]);
  });

  it('may be one for all numbers, whose components are drawn as wholes', () => {
    const N = 400;
    // Components at (-2, 5) and (3, -4), deviations 1 and 0.1.
    const numbersOf = [...logits, -2, 5, 3, -4, 0, 0, Math.log(0.1), Math.log(0.1)];
    const rows = float32(
      [N, 10],
      Float32Array.from({ length: 10 * N }, (_, i) => numbersOf[i % 10]!),
    );
    const random = stream(3, 'joint');
    const chance = float32(
      [N, 2],
      Float32Array.from({ length: 2 * N }, () => random.uniform()),
    );
    const { z, log } = numbers({ rows, chance }, ({ rows, chance }) => {
      const mixture = mixtureOf(rows!, 2, 2, true);
      const at = tf.concat([tf.fill([N, 1], -1.5), tf.fill([N, 1], 4)], 1);
      return { z: drawMixture(mixture, chance!, tf.zeros([N, 2])), log: logDensity(mixture, at) };
    });
    const normal = (x: number, s: number) => Math.exp(-0.5 * (x / s) ** 2) / (s * Math.sqrt(2 * Math.PI));
    const wanted = weights[0]! * normal(0.5, 1) * normal(-1, 1) + weights[1]! * normal(-4.5, 0.1) * normal(8, 0.1);
    close([log![0]!], [Math.log(wanted)]);
    let first = 0;
    for (let i = 0; i < N; i++) {
      const isFirst = z![2 * i]! < 0;
      first += Number(isFirst);
      close(z!.slice(2 * i, 2 * i + 2), isFirst ? [-2, 5] : [3, -4]);
    }
    // Four standard errors.
    assert.ok(Math.abs(first / N - weights[0]!) < 4 * Math.sqrt((weights[0]! * weights[1]!) / N));
  });

  it('have gradients that agree with finite differences', () => {
    const loss = (h: tf.Tensor) => tf.sum(logDensity(mixtureOf(h, 2, 1), tf.tensor2d([[0.4]])));
    const { gradient } = numbers({ head }, ({ head }) => ({ gradient: tf.grad(loss)(head!) }));
    const at = (shift: number, i: number) => {
      const moved = Array.from(head.data);
      moved[i]! += shift;
      return numbers({ head: float32([1, 6], moved) }, ({ head }) => ({ loss: loss(head!) })).loss![0]!;
    };
    const wanted = Array.from({ length: 6 }, (_, i) => (at(0.01, i) - at(-0.01, i)) / 0.02);
    close(gradient!, wanted, 2e-3);
  });

  it('are drawn with their weights; heat levels the weights and widens the components by its root', () => {
    const N = 20_000;
    const random = stream(2, 'draws');
    const chance = float32(
      [N, 1],
      Float32Array.from({ length: N }, () => random.uniform()),
    );
    const normal = float32([N, 1]);
    random.fillNormal(normal.data as Float32Array);
    const rows = float32(
      [N, 6],
      Float32Array.from({ length: 6 * N }, (_, i) => head.data[i % 6]!),
    );
    for (const temperature of [0.1, 1, 2]) {
      const heated = logits.map((l) => Math.exp(l / temperature));
      const share = heated.map((w) => w / (heated[0]! + heated[1]!));
      const mean = share[0]! * means[0] + share[1]! * means[1];
      const square = share.reduce((sum, w, k) => sum + w * (temperature * deviations[k]! ** 2 + means[k]! ** 2), 0);
      const { z } = numbers({ rows, chance, normal }, ({ rows, chance, normal }) => ({
        z: drawMixture(mixtureOf(rows!, 2, 1), chance!, normal!, temperature),
      }));
      const got = z!.reduce((sum, each) => sum + each, 0) / N;
      const variance = z!.reduce((sum, each) => sum + (each - got) ** 2, 0) / N;
      // Four standard errors of the mean; the variance within 5 %.
      assert.ok(Math.abs(got - mean) < 4 * Math.sqrt((square - mean ** 2) / N), `${temperature}: ${got} for ${mean}`);
      assert.ok(Math.abs(variance / (square - mean ** 2) - 1) < 0.05, `${temperature}: ${variance}`);
    }
  });
});

describe('the loss of endings', () => {
  it('is the cross-entropy, without overflow', () => {
    const logit = [0.3, -2, 80, -80];
    const y = [1, 0, 0, 0];
    const { loss } = numbers({ x: float32([4], logit), y: float32([4], y) }, ({ x, y }) => ({
      loss: crossEntropy(x!, y!),
    }));
    close(loss!, [Math.log(1 + Math.exp(-0.3)), Math.log(1 + Math.exp(-2)), 80, 0]);
  });
});

describe('vae-rnn', () => {
  const sequenceOf = (L: number, B: number, D: number, starts: readonly number[]): Record<string, Value> => {
    const random = stream(9, 'sequence');
    const first = Float32Array.from({ length: L * B }, (_, i) => Number(starts.includes(Math.floor(i / B))));
    const action = float32([L, B, 3]);
    for (let i = 0; i < L * B; i++) if (first[i] === 0) action.data[i * 3 + random.integer(3)] = 1;
    return {
      observation: float32(
        [L, B, D],
        Float32Array.from({ length: L * B * D }, () => random.uniform()),
      ),
      action,
      reward: float32(
        [L, B],
        Float32Array.from({ length: L * B }, () => random.normal()),
      ),
      first: float32([L, B], first),
      terminal: float32(
        [L, B],
        Float32Array.from({ length: L * B }, () => Number(random.uniform() < 0.3)),
      ),
    };
  };
  const noiseOf = (shape: readonly number[]) => {
    const value = float32(shape);
    stream(4, 'noise').fillNormal(value.data as Float32Array);
    return value;
  };
  const part = (value: Value, from: number, to: number): Value => {
    const [L, ...rest] = value.shape as [number, ...number[]];
    const row = value.data.length / L;
    return float32([to - from, ...rest], (value.data as Float32Array).slice(from * row, to * row));
  };

  for (const cell of ['gru', 'lstm'] as const)
    for (const [kind, space, D] of [
      ['pictures', picture, 64],
      ['vectors', vector, 3],
    ] as const) {
      it(`takes ${kind} in with an ${cell} piece by piece as at once, and forgets at the beginning of an episode`, () => {
        const model = new VaeRnn(space, choice, { ...small, cell });
        const parameters = flattened<Value>('p/', model.initialise(stream(1, 'model')) as Tree<Value>);
        const sequence = sequenceOf(6, 2, D, [0, 4]);
        const noise = noiseOf([6, 2, 3]);
        const observe = (from: number, to: number, state: Value) => {
          const rows = Object.fromEntries(Object.entries(sequence).map(([name, each]) => [name, part(each, from, to)]));
          const { states } = numbers({ ...parameters, ...rows, noise: part(noise, from, to), state }, (given) => {
            const { observation, action, reward, first, terminal } = given;
            const shown = { observation, action, reward, first, terminal } as unknown as ModelSequence;
            const tree = restored('p/', given) as Tree<tf.Tensor>;
            return { states: model.observe(tree, shown, given.state!, { latent: given.noise! }).states };
          });
          return states!;
        };
        const zeros = float32([2, model.stateSize]);
        const whole = observe(0, 6, zeros);
        const row = 2 * model.stateSize;
        const early = observe(0, 3, zeros);
        const late = observe(3, 6, float32([2, model.stateSize], early.slice(2 * row)));
        close([...early, ...late], whole, 1e-5);
        const anew = observe(4, 6, float32([2, model.stateSize], new Float32Array(row).fill(0.7)));
        close(anew, whole.slice(4 * row), 1e-5);
      });
    }

  it('imagines the memory that it would have had, had it looked', () => {
    const model = new VaeRnn(vector, choice, small);
    const parameters = flattened<Value>('p/', model.initialise(stream(1, 'model')) as Tree<Value>);
    const sequence = sequenceOf(2, 4, 3, [0]);
    const [noise, drawn] = [noiseOf([2, 4, 3]), noiseOf([4, 3])];
    const { seen, imagined } = numbers({ ...parameters, ...sequence, noise, drawn }, (given) => {
      const { observation, action, reward, first, terminal } = given;
      const tree = restored('p/', given) as Tree<tf.Tensor>;
      const shown = { observation, action, reward, first, terminal } as unknown as ModelSequence;
      const { states } = model.observe(tree, shown, model.start(4), { latent: given.noise! });
      const [before, after] = tf.split(states, 2, 0).map((each) => tf.reshape(each, [4, model.stateSize]));
      const acted = tf.reshape(tf.slice(action!, [1, 0, 0], [1, 4, 3]), [4, 3]);
      const noise = { mixture: tf.sigmoid(given.drawn!), latent: given.drawn! };
      return { seen: after!, imagined: model.imagine(tree, before!, acted, noise).state };
    });
    for (let b = 0; b < 4; b++) {
      const at = b * model.stateSize + 3;
      close(imagined!.slice(at, at + 5), seen!.slice(at, at + 5));
      assert.notDeepEqual(imagined!.slice(at - 3, at), seen!.slice(at - 3, at));
    }
  });

  it("lets no gradient of M's reach V, and gives M its own losses", () => {
    const model = new VaeRnn(vector, choice, { ...small, reconstruction: 3 });
    const initial = model.initialise(stream(1, 'model'));
    const parameters = flattened<Value>('p/', initial as Tree<Value>);
    const noise = noiseOf([5, 2, 3]);
    const found = numbers({ ...parameters, ...sequenceOf(5, 2, 3, [0]), noise }, (given) => {
      const { observation, action, reward, first, terminal } = given;
      const shown = { observation, action, reward, first, terminal } as unknown as ModelSequence;
      const { vision, memory } = restored('p/', given) as unknown as Record<'vision' | 'memory', Tree<tf.Tensor>>;
      const weight = (vision as unknown as { encoder: { head: { weight: tf.Tensor } } }).encoder.head.weight;
      const withWeight = (w: tf.Tensor) => {
        const other = vision as unknown as { encoder: { head: object } };
        return { ...other, encoder: { ...other.encoder, head: { ...other.encoder.head, weight: w } } };
      };
      const losses = (w: tf.Tensor) =>
        model.losses({ vision: withWeight(w), memory } as unknown as Tree<tf.Tensor>, shown, model.start(2), {
          latent: given.noise!,
        });
      const flat = tf.reshape(observation!, [10, 3]);
      const alone = (w: tf.Tensor) =>
        model.visionLoss(
          { vision: withWeight(w) } as unknown as Tree<tf.Tensor>,
          flat,
          tf.reshape(given.noise!, [10, 3]),
        ).loss;
      const all = losses(weight);
      const { mean, logVariance } = model.encode({ vision, memory } as Tree<tf.Tensor>, flat);
      const rows = (x: tf.Tensor) => tf.reshape(x, [5, 2, 3]);
      const coded = { mean: rows(mean), logVariance: rows(logVariance), ...shown };
      const ofMemory = model.memoryLoss({ vision, memory } as Tree<tf.Tensor>, coded, given.noise!);
      return {
        joint: tf.grad((w: tf.Tensor) => losses(w).loss)(weight),
        vision: tf.grad((w: tf.Tensor) => alone(w))(weight),
        total: all.loss,
        sum: tf.add(alone(weight), ofMemory.loss),
        latent: tf.stack([all.parts.latent!, ofMemory.latent]),
        z: tf.sub(
          tf.slice(all.states, [0, 0, 0], [5, 2, 3]),
          rows(drawLatent({ mean, logVariance }, tf.reshape(given.noise!, [10, 3]))),
        ),
      };
    });
    close(found.joint!, found.vision!, 1e-5);
    close(found.total!, found.sum!, 1e-4);
    close([found.latent![0]!], [found.latent![1]!]);
    close(found.z!, new Float32Array(30));
  });

  it('refuses sizes that cannot be', () => {
    assert.throws(() => new VaeRnn({ ...picture, shape: [6, 8, 1] }, choice, { ...small, channels: [4, 4] }), /halved/);
    assert.throws(() => new VaeRnn(vector, choice, { ...small, latent: 0 }), /out of range/);
  });
});
