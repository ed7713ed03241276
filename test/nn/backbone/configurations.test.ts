/** What has to hold in every configuration. */
import assert from 'node:assert/strict';
import { eagerExecutor, float32, layoutOf, leaves, type Program, tf, type Value, viewsOf } from '../../../nn/index.ts';
import { assertClose } from '../close.ts';
import {
  adamOnHost,
  BATCH,
  CONFIGURATIONS,
  LENGTH,
  losses,
  measured,
  someIds,
  somePlaces,
  tiny,
  VOCABULARY,
} from './tiny.ts';

describe('a backbone', () => {
  before(() => tf.setBackend('cpu'));

  for (const [name, options] of Object.entries(CONFIGURATIONS))
    describe(`with ${name}`, () => {
      const { model, flat } = tiny(options);
      const ids = someIds();
      const places = somePlaces(model);
      let program: Program;
      before(() => {
        program = measured(model);
      });
      after(() => program.dispose());

      it('begins near the loss of a guess, ln V', () => {
        const loss = program.run({ flat, ids, ...places }).loss!.data[0]!;
        assert.ok(Math.abs(loss - Math.log(VOCABULARY)) < 0.1, `loss ${loss}, ln V ${Math.log(VOCABULARY)}`);
      });

      it('tells no token what comes after it', () => {
        const { flat: large } = tiny({ ...options, deviation: 0.3 });
        const before = program.run({ flat: large, ids, ...places }).logits!;
        const prefixes = [2, 3];
        for (let t = 0; t < LENGTH; t++) {
          const other = { ...ids, data: Int32Array.from(ids.data) };
          for (let row = 0; row < BATCH; row++)
            other.data[row * LENGTH + t] = (ids.data[row * LENGTH + t]! + 1) % VOCABULARY;
          const logits = program.run({ flat: large, ids: other, ...places }).logits!;
          for (let row = 0; row < BATCH; row++) {
            const isSeenByAll = options.mask === 'bidirectional' || (options.mask === 'prefix' && t < prefixes[row]!);
            for (let at = 0; at < LENGTH; at++) {
              const from = (row * LENGTH + at) * VOCABULARY;
              const [a, b] = [before, logits].map(({ data }) => [...data.subarray(from, from + VOCABULARY)]);
              if (at >= t || isSeenByAll) assert.notDeepEqual(b, a, `token ${t} does not reach ${at} of row ${row}`);
              else assert.deepEqual(b, a, `token ${t} reaches back to ${at} of row ${row}`);
            }
          }
        }
      });

      it('has the gradient of every parameter right', () => {
        const { flat: large, parameters } = tiny({ ...options, deviation: 0.3 });
        const { gradient } = program.run({ flat: large, ids, ...places });
        const lossAlone = losses(model);
        const wanted = slopes(lossAlone, large, { ids, ...places });
        lossAlone.dispose();
        assertClose(gradient!.data, wanted, 3e-3);
        // Small ones are held to what float32 leaves of a difference.
        const scale = Math.hypot(...wanted);
        const distance = Math.hypot(...Array.from(wanted, (slope, i) => slope - gradient!.data[i]!));
        assert.ok(distance < 2e-3 * scale, `gradients differ by ${distance} in ${scale}`);
        for (const [path, leaf] of leaves<Value>(
          viewsOf(layoutOf<typeof parameters>(parameters), gradient!.data as Float32Array),
        ))
          assert.ok(
            leaf.data.some((slope) => Math.abs(slope) > 1e-5),
            `nothing reaches ${path}`,
          );
      });

      it('learns one batch by heart', () => {
        const x = Float32Array.from(flat.data);
        const results = { ...program.run({ flat, ids, ...places }) };
        const run = program.bind({ flat: float32([x.length], x), ids, ...places }, results);
        const step = adamOnHost(x.length);
        for (let i = 0; i < 250; i++) {
          run();
          step(x, results.gradient!.data as Float32Array);
        }
        // A z-loss of 0.01 alone keeps the logits from being sharp.
        assert.ok(results.loss!.data[0]! < 0.1, `loss ${results.loss!.data[0]}`);
      });
    });

  for (const name of ['GPT-2', 'Chameleon 34B', 'softmax off by one', 'a prefix', 'dropout'])
    it(`gives the same compiled and op by op: ${name}`, () => {
      const { model, flat } = tiny({ ...CONFIGURATIONS[name]!, deviation: 0.3 });
      const inputs = { flat, ids: someIds(), ...somePlaces(model) };
      const [compiled, eager] = [measured(model), measured(model, eagerExecutor())];
      const [ours, theirs] = [compiled.run(inputs), eager.run(inputs)];
      for (const key of ['logits', 'loss', 'gradient']) assertClose(ours[key]!.data, theirs[key]!.data, 2e-5);
      compiled.dispose();
      eager.dispose();
    });
});

/** Derivatives of the loss by differences of fourth order, one parameter at a time. */
function slopes(program: Program, flat: Value, inputs: Readonly<Record<string, Value>>): Float64Array {
  const x = Float32Array.from(flat.data);
  const { loss } = program.run({ flat, ...inputs });
  const run = program.bind({ flat: float32([x.length], x), ...inputs }, { loss: loss! });
  const rise = (i: number, step: number): number => {
    const at = flat.data[i]!;
    const [low, high] = [at - step, at + step].map((value) => {
      x[i] = value;
      run();
      return loss!.data[0]!;
    });
    x[i] = at;
    return (high! - low!) / (2 * step);
  };
  return Float64Array.from(flat.data, (_, i) => {
    for (let step = 1 / 256; ; step /= 2) {
      const [near, far] = [rise(i, step), rise(i, 2 * step)];
      // Where they disagree there is a corner between, of relu.
      if (Math.abs(near - far) < 2e-3 || step < 1 / 4096) return (4 * near - far) / 3;
    }
  });
}
