import assert from 'node:assert/strict';
import { GatoModel, type GatoOf } from '../../../agents/gato/model.ts';
import type { TokenInputs } from '../../../agents/gato/token-inputs.ts';
import { byteTokenizer, createStepTokens, TokenBuffer } from '../../../agents/tokens/index.ts';
import { stream } from '../../../core/index.ts';
import {
  compile,
  flattened,
  float32,
  int32,
  layoutOf,
  leaves,
  type Memory,
  mapTree,
  pack,
  restored,
  tf,
  unpackTensors,
  type Value,
} from '../../../nn/index.ts';
import { box, dict, multiDiscrete } from '../../../worlds/index.ts';
import { assertClose } from '../../nn/close.ts';
import { PATCH, rowsOf, tinyGato, VOCABULARY } from './whole-rows.ts';

type Inputs = Record<string, Value>;

/** A picture of two patches, two numbers, a separator, and two components of an action: seven tokens a step. */
const tokens = createStepTokens(
  {
    observation: dict({
      image: box([4, 8, 1], 0, 255, 'uint8'),
      numbers: box([2], -1, 1),
    }),
    action: multiDiscrete([3, 4]),
    agents: 1,
  },
  { vocabulary: VOCABULARY, tokenizer: byteTokenizer(), textTokens: 8, patch: PATCH, imageCodes: null },
);

/** Some steps of an agent that looks at noise. */
function sequence(steps: number, seed: number): TokenBuffer {
  const random = stream(seed, 'observations');
  const buffer = new TokenBuffer(PATCH);
  for (let step = 0; step < steps; step++) {
    const numbers = Float32Array.from({ length: 34 }, (_, i) => (i < 32 ? random.integer(256) : random.between(-1, 1)));
    tokens.observe(numbers, 0, 0, buffer);
    tokens.act([random.integer(3), random.integer(4)], 0, buffer);
  }
  return buffer;
}

/** Numbers without pictures, as bins and discrete values. */
function plain(length: number, seed: number): TokenBuffer {
  const random = stream(seed, 'plain');
  const buffer = new TokenBuffer(PATCH);
  for (let i = 0; i < length; i++) {
    const { start, size } = i % 3 === 2 ? VOCABULARY.discrete : VOCABULARY.continuous;
    buffer.add(start + random.integer(size), i % 3 === 2 ? -1 : i % 3);
  }
  return buffer;
}

describe('the model of a generalist', () => {
  before(() => tf.setBackend('cpu'));

  it('gives sequences packed into a row what they have alone', () => {
    const { model, parameters } = tinyGato();
    const program = whole(model);
    const parts = [sequence(2, 1), plain(6, 2), sequence(1, 3)];
    const together = joined(parts);
    const inputs = rowsOf([together], together.length);
    const each = parts.flatMap(({ length }, part) => Array.from({ length }, (_, i) => [part, i] as const));
    const shape = [1, together.length];
    const packed = program.run({
      ...named(parameters),
      ...inputs,
      segment: int32(
        shape,
        each.map(([part]) => part),
      ),
      order: int32(
        shape,
        each.map(([, i]) => i),
      ),
    });
    let from = 0;
    for (const part of parts) {
      const alone = program.run({ ...named(parameters), ...rowsOf([part], part.length) });
      for (const [name, width] of [
        ['logits', VOCABULARY.size],
        ['values', 1],
      ] as const)
        assertClose(packed[name]!.data.subarray(from * width, (from + part.length) * width), alone[name]!.data, 2e-5);
      from += part.length;
    }
    program.dispose();
  });

  it('advances in ragged pieces to what the whole pass says', () => {
    const { model, parameters } = tinyGato();
    const rows = [sequence(4, 1), sequence(4, 2), sequence(4, 3)];
    const length = rows[0]!.length;
    const wanted = whole(model).run({ ...named(parameters), ...rowsOf(rows, length) }).hidden!.data;
    const M = length + 5;
    const C = 5;
    const program = compile((inputs) => {
      const memory = restored<Memory<Value>, tf.Tensor>('memory/', inputs) as Memory<tf.Tensor>;
      const tree = restored<GatoOf<Value>, tf.Tensor>('parameters/', inputs) as GatoOf<tf.Tensor>;
      const { hidden, memory: next } = model.advance(tree, inputs as unknown as TokenInputs<tf.Tensor>, memory, M);
      return { hidden, ...flattened('memory/', next) };
    });
    let memory: Inputs = flattened<Value>('memory/', model.backbone.memory(rows.length, M));
    const at = [0, 0, 0];
    const random = stream(9, 'pieces');
    for (let piece = 0; at.some((place) => place < length); piece++) {
      // A row may stand still, with padding where its next token will be.
      const counts = at.map((place) => Math.min(length - place, random.integer(C + 1)));
      const inputs = rowsOf(
        rows.map((row, r) => cut(row, at[r]!, counts[r]!)),
        C,
      );
      const order = Int32Array.from({ length: rows.length * C }, (_, i) => at[Math.floor(i / C)]! + (i % C));
      const { hidden, ...after } = program.run({
        ...named(parameters),
        ...memory,
        ...inputs,
        order: int32([rows.length, C], order),
      });
      memory = after;
      for (const [r, count] of counts.entries()) {
        const [got, from] = [r * C * 16, (r * length + at[r]!) * 16];
        assertClose(hidden!.data.subarray(got, got + count * 16), wanted.subarray(from, from + count * 16), 2e-5);
        at[r]! += count;
      }
      assert.ok(piece < 200);
    }
    program.dispose();
  });

  it('gives the logits of a range as they stand among all', () => {
    const { model, parameters } = tinyGato();
    const rows = float32([3, 16]);
    stream(1, 'rows').fillNormal(rows.data as Float32Array);
    const { start, size } = VOCABULARY.discrete;
    const { all, some } = compile(({ x, ...inputs }) => {
      const tree = restored<GatoOf<Value>, tf.Tensor>('parameters/', inputs) as GatoOf<tf.Tensor>;
      return { all: model.logits(tree, x!), some: model.logits(tree, x!, { start, size }) };
    }).run({ ...named(parameters), x: rows });
    assert.deepEqual(some!.shape, [3, size]);
    for (let row = 0; row < 3; row++) {
      const from = row * VOCABULARY.size;
      assertClose(
        some!.data.subarray(row * size, (row + 1) * size),
        all!.data.subarray(from + start, from + start + size),
        1e-6,
      );
      for (const id of [VOCABULARY.patch, VOCABULARY.padding]) assert.equal(all!.data[from + id], -1e9);
    }
  });

  it('begins with a value of 0, bins that are like their neighbours, and a loss near ln V', () => {
    const { model } = tinyGato();
    const first = model.init(stream(1, 'first'));
    const table = first.backbone.token.table.data as Float32Array;
    const rowOf = (id: number): Float32Array => table.subarray(id * 16, (id + 1) * 16);
    const cosine = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, x, i) => sum + x * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b);
    const { start, size } = VOCABULARY.continuous;
    for (let bin = 0; bin + 1 < size; bin++) assert.ok(cosine(rowOf(start + bin), rowOf(start + bin + 1)) > 0.7);
    assert.ok(cosine(rowOf(start), rowOf(start + size - 1)) < 0.7);
    const row = sequence(4, 1);
    const leavesOf = Object.fromEntries(leaves<Value>(first));
    const { logits, values } = whole(model).run({ ...named(leavesOf), ...rowsOf([row], row.length) });
    assert.ok(values!.data.every((value) => value === 0));
    let loss = 0;
    for (let i = 0; i + 1 < row.length; i++) {
      const own = logits!.data.subarray(i * VOCABULARY.size, (i + 1) * VOCABULARY.size) as Float32Array;
      const next = row.ids[i + 1] === VOCABULARY.patch ? VOCABULARY.separator : row.ids[i + 1]!;
      loss += (Math.log(own.reduce((sum, logit) => sum + Math.exp(logit), 0)) - own[next]!) / (row.length - 1);
    }
    // Logits begin with a variance of about 1, which costs about half a nat.
    assert.ok(Math.abs(loss - Math.log(VOCABULARY.size) - 0.5) < 0.3, `${loss}, ln V ${Math.log(VOCABULARY.size)}`);
  });

  it('can be without pictures and without values', () => {
    const { model } = tinyGato({ patch: null, hasValue: false });
    assert.deepEqual(Object.keys(model.init(stream(1, 'x'))), ['backbone']);
    const gated = new GatoModel({
      vocabulary: VOCABULARY,
      backbone: { ...tinyGato().model.backbone.config, width: 128, heads: 4, layers: 1, hidden: null, dropout: 0 },
      ...{ length: 8, localPositions: 4, patch: null, hasValue: false },
    });
    assert.equal(gated.backbone.config.hidden, 352, '8/3 of 128, up to a multiple of 16');
  });

  for (const hasPictures of [true, false])
    it(`has the gradient of every parameter right, ${hasPictures ? 'with' : 'without'} pictures`, () => {
      const { model, parameters } = tinyGato({ patch: hasPictures ? PATCH : null });
      const tree = mapTree(model.init(stream(6, 'gradient')), (leaf: Value, path) => {
        if (path.startsWith('value')) return float32(leaf.shape, leaf.data.map((_, i) => Math.sin(i)) as Float32Array);
        return path.startsWith('patches/output/weight')
          ? float32(leaf.shape, leaf.data.map((x) => 2 * x) as Float32Array)
          : parameters[path]!;
      });
      const layout = layoutOf<GatoOf<Value>>(tree as GatoOf<Value>);
      const row = hasPictures ? sequence(2, 4) : plain(12, 4);
      const inputs = rowsOf([row], row.length);
      const weights = float32([row.length * VOCABULARY.size]);
      stream(7, 'weights').fillNormal(weights.data as Float32Array);
      const loss = ({ x, w, ...rest }: Record<string, tf.Tensor>): tf.Scalar => {
        const own = unpackTensors(x as tf.Tensor1D, layout) as GatoOf<tf.Tensor>;
        const hidden = tf.reshape(model.hidden(own, rest as unknown as TokenInputs<tf.Tensor>), [row.length, -1]);
        // Of the ids that can be predicted: the others' logits are -1e9.
        const logits = tf.reshape(model.logits(own, hidden, { start: 0, size: VOCABULARY.patch }), [-1]);
        const guess = tf.mean(tf.mul(tf.tanh(logits), tf.slice(w!, [0], [logits.size])));
        return tf.add(tf.mul(guess, 30), tf.mean(tf.sin(model.values(own, hidden))));
      };
      const program = compile(({ x, ...rest }) => {
        const { value, grad } = tf.valueAndGrad((y: tf.Tensor) => loss({ x: y, ...rest }))(x!);
        return { loss: value, slope: grad };
      });
      const alone = compile((all) => ({ loss: loss(all) }));
      const flat = pack(tree);
      const slope = program.run({ ...inputs, w: weights, x: flat }).slope!.data;
      const x = float32(flat.shape, Float32Array.from(flat.data));
      const out = float32([]);
      const run = alone.bind({ ...inputs, w: weights, x }, { loss: out });
      const rise = (at: number, step: number): number => {
        const before = x.data[at]!;
        const [low, high] = [-step, step].map((move) => {
          x.data[at] = before + move;
          run();
          return out.data[0]!;
        });
        x.data[at] = before;
        return (high! - low!) / (2 * step);
      };
      for (const { path, offset, size } of layout.slots) {
        const own = Array.from({ length: size }, (_, i) => offset + i).sort(
          (a, b) => Math.abs(slope[b]!) - Math.abs(slope[a]!),
        );
        assert.ok(Math.abs(slope[own[0]!]!) > 1e-4, `nothing reaches ${path}: ${slope[own[0]!]}`);
        for (const at of [...own.slice(0, 4), own[size >> 1]!]) {
          const wanted = (4 * rise(at, 1 / 512) - rise(at, 1 / 256)) / 3;
          assert.ok(
            Math.abs(wanted - slope[at]!) < 4e-3 * Math.max(1, Math.abs(wanted)),
            `${path} at ${at - offset}: ${slope[at]}, by differences ${wanted}`,
          );
        }
      }
      program.dispose();
      alone.dispose();
    });
});

function named(parameters: Readonly<Inputs>): Inputs {
  return Object.fromEntries(Object.entries(parameters).map(([path, value]) => [`parameters/${path}`, value]));
}

function whole(model: GatoModel): ReturnType<typeof compile> {
  return compile((inputs) => {
    const parameters = restored<GatoOf<Value>, tf.Tensor>('parameters/', inputs) as GatoOf<tf.Tensor>;
    const hidden = model.hidden(parameters, inputs as unknown as TokenInputs<tf.Tensor>);
    const [, , width] = hidden.shape as [number, number, number];
    return {
      hidden,
      logits: model.backbone.head(parameters.backbone, hidden),
      values: model.values(parameters, tf.reshape(hidden, [-1, width])),
    };
  });
}

function joined(parts: readonly TokenBuffer[]): TokenBuffer {
  const all = new TokenBuffer(PATCH);
  for (const part of parts) append(all, part, 0, part.length);
  return all;
}

function cut(row: TokenBuffer, from: number, count: number): TokenBuffer {
  const piece = new TokenBuffer(PATCH);
  append(piece, row, from, count);
  return piece;
}

function append(out: TokenBuffer, row: TokenBuffer, from: number, count: number): void {
  const size = PATCH.size * PATCH.size * PATCH.channels;
  for (let i = from; i < from + count; i++) {
    const k = row.patch[i]!;
    if (k < 0) out.add(row.ids[i]!, row.local[i]!);
    else {
      const interval = [...row.intervals.subarray(4 * k, 4 * k + 4)] as [number, number, number, number];
      out.addPatch(row.ids[i]!, row.local[i]!, interval).set(row.pixels.subarray(k * size, (k + 1) * size));
    }
  }
}
