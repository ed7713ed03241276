import assert from 'node:assert/strict';
import { LightbulbError, stream } from '../../../core/index.ts';
import { flattened, restored } from '../../../nn/backbone/flat-names.ts';
import {
  type Backbone,
  type BackboneOf,
  type BackboneOptions,
  bool,
  compile,
  Decoder,
  eagerExecutor,
  int32,
  leaves,
  sampledLogits,
  tf,
  type Value,
} from '../../../nn/index.ts';
import { assertClose } from '../close.ts';
import { CONFIGURATIONS, tiny, VOCABULARY } from './tiny.ts';

const LENGTH = 8;

/** Logits [V] of what comes after ids, by the whole forward pass. */
function whole(
  model: Backbone,
  parameters: BackboneOf<Value>,
): (ids: readonly number[], prefix?: number) => Float32Array {
  // Padded at the end: what comes after a token does not reach it.
  const program = compile((inputs) => ({
    logits: model.logits(restored<BackboneOf<Value>, tf.Tensor>('p/', inputs) as unknown as BackboneOf<tf.Tensor>, {
      ids: inputs.ids!,
      prefix: inputs.prefix!,
    }),
  }));
  return (ids, prefix = 0) => {
    const padded = int32([1, LENGTH], [...ids, ...new Array<number>(LENGTH - ids.length).fill(0)]);
    const { logits } = program.run({
      ...flattened<Value>('p/', parameters),
      ids: padded,
      prefix: int32([1], [prefix]),
    });
    return (logits!.data as Float32Array).slice((ids.length - 1) * VOCABULARY, ids.length * VOCABULARY);
  };
}

const largest = (numbers: ArrayLike<number>): number => Array.from(numbers).indexOf(Math.max(...Array.from(numbers)));

const logSoftmax = (logits: ArrayLike<number>): number[] => {
  const numbers = Array.from(logits);
  const logSum = Math.log(numbers.reduce((sum, x) => sum + Math.exp(x), 0));
  return numbers.map((x) => x - logSum);
};

const refuses = (run: () => unknown, code: string, message: RegExp): void =>
  assert.throws(
    run,
    (error: unknown) => error instanceof LightbulbError && error.code === code && message.test(error.message),
  );

describe('decoding', () => {
  before(() => tf.setBackend('cpu'));

  const decoding = ['GPT-2', 'post norm', 'rotary positions', 'softmax off by one', 'a prefix', 'Chameleon 34B'];
  for (const name of decoding)
    it(`gives the logits of the whole forward pass, piece by piece: ${name}`, () => {
      const { model, parameters } = tiny({ ...CONFIGURATIONS[name]!, deviation: 0.3 });
      const rows = [
        [3, 7, 1, 10, 4, 2, 9, 0],
        [5, 5, 0, 1, 8, 6, 2, 3],
      ];
      const isPrefixed = model.config.mask === 'prefix';
      const expected = whole(model, parameters);
      const advance = compile(
        (inputs) => {
          const tree = restored<BackboneOf<Value>, tf.Tensor>('p/', inputs) as unknown as BackboneOf<tf.Tensor>;
          const x = model.placed(tree, model.embed(tree, inputs.ids!), {}, inputs.order!);
          const memory = restored<ReturnType<Backbone['memory']>, tf.Tensor>('m/', inputs);
          const { order, prefix } = inputs;
          const next = model.advance(tree, x, memory, { order: order!, prefix: prefix!, length: LENGTH });
          return { logits: model.head(tree, next.hidden), ...flattened('m/', next.memory) };
        },
        { name: 'advance' },
      );
      let memory: Readonly<Record<string, Value>> = flattened<Value>('m/', model.memory(2, LENGTH));
      // Pieces of three, one, two and two tokens; the first holds the prefixes.
      for (const [from, count] of [
        [0, 3],
        [3, 1],
        [4, 2],
        [6, 2],
      ] as const) {
        const { logits, ...next } = advance.run({
          ...flattened<Value>('p/', parameters),
          ...memory,
          ids: int32(
            [2, count],
            rows.flatMap((row) => row.slice(from, from + count)),
          ),
          order: int32(
            [2, count],
            [0, 1].flatMap(() => Array.from({ length: count }, (_, i) => from + i)),
          ),
          prefix: int32([2], [3, 2]),
        });
        for (const [row, ids] of rows.entries())
          for (let i = 0; i < count; i++) {
            // In the whole pass of a shorter sequence the prefix would be padding.
            if (isPrefixed && from + i < 2) continue;
            const got = logits!.data.subarray((row * count + i) * VOCABULARY, (row * count + i + 1) * VOCABULARY);
            assertClose(got, expected(ids.slice(0, from + i + 1), isPrefixed ? [3, 2][row]! : 0), 1e-5);
          }
        memory = next;
      }
      advance.dispose();
    });

  it('rows of a batch may stand at different places', () => {
    const { model, parameters } = tiny({ deviation: 0.3 });
    const ids = [3, 7, 1, 10, 4];
    const advance = compile((inputs) => {
      const tree = restored<BackboneOf<Value>, tf.Tensor>('p/', inputs) as unknown as BackboneOf<tf.Tensor>;
      const x = model.placed(tree, model.embed(tree, inputs.ids!), {}, inputs.order!);
      const memory = restored<ReturnType<Backbone['memory']>, tf.Tensor>('m/', inputs);
      const next = model.advance(tree, x, memory, { order: inputs.order!, length: LENGTH });
      return { logits: model.head(tree, next.hidden), ...flattened('m/', next.memory) };
    });
    let memory: Readonly<Record<string, Value>> = flattened<Value>('m/', model.memory(2, LENGTH));
    // The second row begins anew after two steps: its memory is overwritten as it goes.
    const places = [
      [0, 0],
      [1, 1],
      [2, 0],
      [3, 1],
      [4, 2],
    ];
    let last: Value | undefined;
    for (const [a, b] of places as [number, number][]) {
      const { logits, ...next } = advance.run({
        ...flattened<Value>('p/', parameters),
        ...memory,
        ids: int32([2, 1], [ids[a]!, ids[b]!]),
        order: int32([2, 1], [a, b]),
      });
      [last, memory] = [logits, next];
    }
    const expected = whole(model, parameters);
    assertClose(last!.data.subarray(0, VOCABULARY), expected(ids), 1e-5);
    assertClose(last!.data.subarray(VOCABULARY), expected(ids.slice(0, 3)), 1e-5);
    const beyond = {
      ...flattened<Value>('p/', parameters),
      ...memory,
      ids: int32([2, 1]),
      order: int32([2, 1], [LENGTH, 0]),
    };
    assert.throws(() => advance.run(beyond), 'a place beyond the memory');
    advance.dispose();
  });

  for (const name of ['GPT-2', 'rotary positions', 'a prefix'])
    it(`greedily takes the most probable token each time: ${name}`, () => {
      const { model, parameters } = tiny({ ...CONFIGURATIONS[name]!, deviation: 0.5 });
      const decoder = new Decoder(model);
      const prompt = int32([2, 3], [3, 7, 1, 5, 0, 2]);
      const got = decoder.generate(parameters, prompt, { steps: 5 });
      const expected = whole(model, parameters);
      for (const [row, start] of [
        [3, 7, 1],
        [5, 0, 2],
      ].entries()) {
        const ids = [...start];
        for (let step = 0; step < 5; step++) ids.push(largest(expected(ids, start.length)));
        assert.deepEqual(got[row], ids.slice(3));
      }
      const eager = new Decoder(model, { executor: eagerExecutor() });
      assert.deepEqual(eager.generate(parameters, prompt, { steps: 5 }), got);
      decoder.dispose();
      eager.dispose();
    });

  it('ends a row after its end token', () => {
    const { model, parameters } = tiny({ deviation: 0.5 });
    const decoder = new Decoder(model);
    const prompt = int32([1, 2], [3, 7]);
    const [ids] = decoder.generate(parameters, prompt, { steps: 6 });
    const end = ids![2]!;
    assert.deepEqual(decoder.generate(parameters, prompt, { steps: 6, end }), [ids!.slice(0, ids!.indexOf(end) + 1)]);
    decoder.dispose();
  });

  it('draws tokens as often as the softmax at the temperature says, the same for the same stream', () => {
    const { model, parameters } = tiny({ deviation: 0.5 });
    const decoder = new Decoder(model);
    const batch = 4000;
    const prompt = int32([batch, 1], new Int32Array(batch).fill(3));
    const draw = (seed: number): number[] =>
      decoder
        .generate(parameters, prompt, { steps: 1, temperature: 2, stream: stream(seed, 'draw') })
        .map(([id]) => id!);
    const ids = draw(1);
    const wanted = logSoftmax(whole(model, parameters)([3]).map((x) => x / 2)).map(Math.exp);
    for (const [id, probability] of wanted.entries()) {
      const share = ids.filter((each) => each === id).length / batch;
      const deviation = Math.sqrt((probability * (1 - probability)) / batch);
      assert.ok(Math.abs(share - probability) < 4 * deviation + 1e-3, `${id}: ${share} of ${probability}`);
    }
    assert.deepEqual(draw(1), ids);
    assert.notDeepEqual(draw(2), ids);
    decoder.dispose();
  });

  it('cuts off all but the k most probable, and all but the nucleus', () => {
    tf.tidy(() => {
      // probabilities 0.5, 0.25, 0.15, 0.1
      const logits = tf.tensor2d([Math.log(0.25), Math.log(0.5), Math.log(0.1), Math.log(0.15)], [1, 4]);
      const kept = (sampling: object): number[] =>
        [...sampledLogits(logits, sampling).dataSync()].flatMap((x, id) => (x > -1e8 ? [id] : []));
      assert.deepEqual(kept({ topK: 1 }), [1]);
      assert.deepEqual(kept({ topK: 3 }), [0, 1, 3]);
      assert.deepEqual(kept({ topK: 9 }), [0, 1, 2, 3]);
      assert.deepEqual(kept({ topP: 0.4 }), [1], 'the first is always in');
      assert.deepEqual(kept({ topP: 0.7 }), [0, 1]);
      assert.deepEqual(kept({ topP: 0.8 }), [0, 1, 3]);
      assert.deepEqual(kept({ topP: 1 }), [0, 1, 2, 3]);
      // of the two that top-k leaves the first has two thirds
      assert.deepEqual(kept({ topK: 2, topP: 0.6 }), [1]);
      // at a temperature of 1/2 the probabilities go with their squares: the first has 0.72
      assert.deepEqual(kept({ temperature: 0.5, topP: 0.7 }), [1]);
      assertClose(sampledLogits(logits, { temperature: 0.5 }).dataSync().slice(1, 2), [2 * Math.log(0.5)], 1e-6);
    });
  });

  it("a cumulative sum along the axis -1 is wrong in tfjs's cpu backend: the nucleus names its axis", () => {
    tf.tidy(() => {
      const x = tf.ones([1, 3]);
      assert.notDeepEqual([...tf.cumsum(x, -1, true).dataSync()], [0, 1, 2]);
      assert.deepEqual([...tf.cumsum(x, 1, true).dataSync()], [0, 1, 2]);
    });
  });

  it('draws within top-k and top-p in the compiled program', () => {
    const { model, parameters } = tiny({ deviation: 0.5 });
    const decoder = new Decoder(model);
    const prompt = int32([300, 1], new Int32Array(300).fill(3));
    const order = [...whole(model, parameters)([3])].map((x, id) => [x, id] as const).sort((a, b) => b[0] - a[0]);
    const drawn = (sampling: object): Set<number> => {
      const options = { steps: 1, temperature: 1, stream: stream(1, 'cut'), ...sampling };
      return new Set(decoder.generate(parameters, prompt, options).map(([id]) => id!));
    };
    assert.deepEqual(
      [...drawn({ topK: 3 })].sort(),
      order
        .slice(0, 3)
        .map(([, id]) => id)
        .sort(),
    );
    assert.deepEqual([...drawn({ topP: 1e-3 })], [order[0]![1]]);
    decoder.dispose();
  });

  it('chooses legal tokens alone, at all steps or step by step', () => {
    const { model, parameters } = tiny({ deviation: 0.5 });
    const decoder = new Decoder(model);
    const prompt = int32([2, 1], [3, 4]);
    const only = (...ids: number[]): number[] =>
      Array.from({ length: VOCABULARY }, (_, id) => Number(ids.includes(id)));
    const all = decoder.generate(parameters, prompt, { steps: 4, legal: bool([VOCABULARY], only(2, 6)) });
    assert.ok(
      all.flat().every((id) => id === 2 || id === 6),
      String(all),
    );
    const legal = bool([3, VOCABULARY], [only(1), only(8), only(0, 5)].flat());
    const drawn = decoder.generate(parameters, prompt, {
      steps: 3,
      legal,
      temperature: 5,
      topK: 2,
      stream: stream(1, 'legal'),
    });
    for (const [first, second, third] of drawn) {
      assert.deepEqual([first, second], [1, 8]);
      assert.ok(third === 0 || third === 5);
    }
    const [best] = decoder.beam(parameters, int32([1, 1], [3]), { beams: 2, steps: 3, legal });
    assert.deepEqual(best!.ids.slice(0, 2), [1, 8]);
    refuses(
      () => decoder.generate(parameters, prompt, { steps: 2, legal: bool([VOCABULARY]) }),
      'invalid_input',
      /step 0: no token is legal/,
    );
    refuses(
      () => decoder.generate(parameters, prompt, { steps: 2, legal: bool([3], [1, 1, 1]) }),
      'shape',
      /bool\[11\] or bool\[2,11\], got bool\[3\]/,
    );
    decoder.dispose();
  });

  describe('beam search', () => {
    const options: Partial<BackboneOptions> = { deviation: 0.6 };

    /** Every continuation of up to `steps` tokens, which ends with `end` or is as long, with its log-probability. */
    function everything(model: Backbone, parameters: BackboneOf<Value>, start: number[], steps: number, end: number) {
      const expected = whole(model, parameters);
      const found: { ids: number[]; logProbability: number }[] = [];
      const walk = (ids: number[], logProbability: number): void => {
        if (ids.length === steps || ids.at(-1) === end) {
          found.push({ ids, logProbability });
          return;
        }
        for (const [id, each] of logSoftmax(expected([...start, ...ids])).entries())
          walk([...ids, id], logProbability + each);
      };
      walk([], 0);
      return found;
    }

    it('with as many beams as there are continuations finds the best of all, whatever the length penalty', () => {
      const { model, parameters } = tiny(options);
      const decoder = new Decoder(model);
      const end = decoder.generate(parameters, int32([1, 2], [3, 7]), { steps: 2 })[0]![1]!;
      const all = everything(model, parameters, [3, 7], 3, end);
      for (const lengthPenalty of [0, 0.6, 3]) {
        const score = (beam: { ids: number[]; logProbability: number }): number =>
          beam.logProbability / ((5 + beam.ids.length) / 6) ** lengthPenalty;
        const wanted = [...all].sort((a, b) => score(b) - score(a)).slice(0, 3);
        const got = decoder.beam(parameters, int32([1, 2], [3, 7]), { beams: 130, steps: 3, end, lengthPenalty });
        assert.deepEqual(
          got.slice(0, 3).map(({ ids }) => ids),
          wanted.map(({ ids }) => ids),
        );
        assertClose(
          got.slice(0, 3).map(({ score: each }) => each),
          wanted.map(score),
          1e-5,
        );
      }
      decoder.dispose();
    });

    it('with one beam is greedy', () => {
      const { model, parameters } = tiny(options);
      const decoder = new Decoder(model);
      const prompt = int32([1, 2], [3, 7]);
      const [greedy] = decoder.generate(parameters, prompt, { steps: 5 });
      assert.deepEqual(decoder.beam(parameters, prompt, { beams: 1, steps: 5 })[0]!.ids, greedy);
      decoder.dispose();
    });
  });

  it('refuses what cannot be', () => {
    const { model, parameters } = tiny();
    const decoder = new Decoder(model, { length: 6 });
    const prompt = int32([1, 2], [1, 2]);
    refuses(() => new Decoder(tiny({ mask: 'bidirectional' }).model), 'unsupported', /the mask bidirectional/);
    refuses(() => decoder.generate(parameters, prompt, { steps: 5 }), 'shape', /P \+ 5 at most 6, got \[1,2\]/);
    refuses(() => decoder.generate(parameters, prompt, { steps: 0 }), 'invalid_input', /^steps: /);
    refuses(() => decoder.generate(parameters, int32([1, 1], [11]), { steps: 1 }), 'invalid_input', /0 to 10, got 11/);
    refuses(() => decoder.generate(parameters, prompt, { steps: 1, temperature: 1 }), 'invalid_input', /^stream: /);
    refuses(
      () => decoder.generate(parameters, prompt, { steps: 1, temperature: -1 }),
      'invalid_input',
      /^temperature: /,
    );
    refuses(() => decoder.generate(parameters, prompt, { steps: 1, topP: 0 }), 'invalid_input', /^topP: /);
    refuses(() => decoder.generate(parameters, prompt, { steps: 1, topK: 0.5 }), 'invalid_input', /^topK: /);
    refuses(() => decoder.beam(parameters, prompt, { steps: 1, beams: 0 }), 'invalid_input', /^beams: /);
    refuses(() => decoder.beam(parameters, int32([2, 1], [1, 2]), { steps: 1, beams: 2 }), 'shape', /one prompt/);
    decoder.dispose();
  });

  it('remembers in float32 tensors of fixed shapes', () => {
    const { model } = tiny({ layers: 2 });
    const shapes = leaves<Value>(model.memory(3, 5)).map(([path, { shape }]) => `${path}[${shape}]`);
    assert.deepEqual(shapes, ['0/keys[3,2,5,4]', '0/values[3,2,5,4]', '1/keys[3,2,5,4]', '1/values[3,2,5,4]']);
  });
});
