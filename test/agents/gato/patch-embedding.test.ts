import assert from 'node:assert/strict';
import { patchEmbedding, placePatches } from '../../../agents/gato/patch-embedding.ts';
import { smoothTable } from '../../../agents/gato/smooth-table.ts';
import { stream } from '../../../core/index.ts';
import { compile, eagerExecutor, float32, int32, leaves, mapTree, tf, type Value } from '../../../nn/index.ts';
import { assertClose } from '../../nn/close.ts';

const WIDTH = 6;

describe('the embedding of image patches', () => {
  before(() => tf.setBackend('cpu'));

  for (const size of [1, 3, 4, 16])
    it(`takes patches of ${size} x ${size}, compiled as op by op`, () => {
      const inputs = patches(size, 3);
      const run = (executor = eagerExecutor()): Value =>
        compile(({ pixels, grid, ...named }) => ({ y: patchEmbedding.apply(tree(named), pixels!, grid!) }), {
          executor,
        }).run(inputs).y!;
      const eager = run();
      assert.deepEqual(eager.shape, [3, WIDTH]);
      const program = compile(({ pixels, grid, ...named }) => ({
        y: patchEmbedding.apply(tree(named), pixels!, grid!),
      }));
      assertClose(program.run(inputs).y!.data, eager.data, 1e-5);
      program.dispose();
    });

  it('has the gradient of every parameter right', () => {
    const { pixels, grid, ...parameters } = patches(4, 2);
    const paths = Object.keys(parameters);
    const program = compile(({ pixels: x, grid: at, ...named }) => {
      const loss = (...tensors: tf.Tensor[]): tf.Scalar => {
        const vectors = patchEmbedding.apply(tree(Object.fromEntries(paths.map((p, i) => [p, tensors[i]!]))), x!, at!);
        return tf.sum(tf.mul(tf.sin(tf.mul(vectors, 3)), tf.linspace(1, 3, WIDTH)));
      };
      const { value, grads } = tf.valueAndGrads(loss)(paths.map((path) => named[path]!));
      return { loss: value, ...Object.fromEntries(paths.map((path, i) => [path, grads[i]!])) };
    });
    const slopes = program.run({ ...parameters, pixels: pixels!, grid: grid! });
    for (const path of paths) {
      const slope = slopes[path]!.data;
      assert.ok(
        slope.some((number) => Math.abs(number) > 1e-6),
        `nothing reaches ${path}`,
      );
      const steepest = Array.from(slope.keys()).sort((a, b) => Math.abs(slope[b]!) - Math.abs(slope[a]!));
      for (const at of [...steepest.slice(0, 3), steepest[slope.length >> 1]!]) {
        const [low, high] = [-1e-2, 1e-2].map((step) => {
          const value = parameters[path]!;
          const data = Float32Array.from(value.data);
          data[at]! += step;
          const moved = { ...parameters, [path]: { ...value, data } };
          return program.run({ ...moved, pixels: pixels!, grid: grid! }).loss!.data[0]!;
        });
        assertClose([(high! - low!) / 2e-2], [slope[at]!], 1e-2);
      }
    }
    program.dispose();
  });

  it('tells where things are: a spot moved by a pixel is another vector', () => {
    const { pixels, ...rest } = patches(4, 2);
    const spots = float32(pixels!.shape);
    spots.data[0] = 1;
    spots.data[4 * 4 * 2 + 2] = 1;
    const { y } = compile(({ pixels: x, grid, ...named }) => ({ y: patchEmbedding.apply(tree(named), x!, grid!) })).run(
      {
        ...rest,
        grid: int32([2, 2], [5, 5, 5, 5]),
        pixels: spots,
      },
    );
    const [a, b] = [y!.data.subarray(0, WIDTH), y!.data.subarray(WIDTH)];
    assert.ok(a.some((number, i) => Math.abs(number - b[i]!) > 1e-2));
  });

  it('puts vectors where patches stand, and leaves the rest', () => {
    const patch = tf.tensor2d([-1, 1, 0, 1], [2, 2], 'int32');
    const x = tf.range(0, 8).reshape([2, 2, 2]);
    const vectors = tf.tensor2d([10, 20, 30, 40], [2, 2]);
    const placed = patchEmbedding.placed(x, vectors, patch);
    assert.deepEqual([...placed.dataSync()], [0, 1, 30, 40, 10, 20, 30, 40]);
    const weights = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const [ofX, ofVectors] = tf.grads((y, v) => tf.sum(tf.mul(patchEmbedding.placed(y!, v!, patch), weights)))([
      x,
      vectors,
    ]);
    assert.deepEqual([...ofX!.dataSync()], [1, 2, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual([...ofVectors!.dataSync()], [5, 6, 10, 12], 'a patch that stands twice adds up');
  });
});

describe('the places of patches', () => {
  it('are the rounded mean of the interval in evaluation, the last entry at most', () => {
    // A picture of 80 x 64 in patches of 16 (Gato, figure 13): the second row and the first column, then the last.
    const intervals = Float32Array.of(0.2, 0.4, 0, 0.25, 0.8, 1, 0.75, 1);
    assert.deepEqual([...placePatches(intervals, null)], [38, 16, 115, 112]);
    assert.deepEqual([...placePatches(Float32Array.of(1, 1, 0, 0), null)], [127, 0]);
  });

  it('are uniform between its ends in training, both included', () => {
    const random = stream(1, 'places');
    const counts = new Map<number, number>();
    const out = new Int32Array(2);
    for (let i = 0; i < 4000; i++) {
      placePatches(Float32Array.of(0.25, 0.275, 0.97, 1), random, out);
      for (const entry of out) counts.set(entry, (counts.get(entry) ?? 0) + 1);
    }
    assert.deepEqual(
      [...counts.keys()].sort((a, b) => a - b),
      [32, 33, 34, 35, 124, 125, 126, 127],
    );
    // Standard deviation of each count: sqrt(4000 / 4 * 3 / 4) = 27.
    for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 5 * 27, String(count));
  });
});

describe('a smooth table', () => {
  const range = { start: 3, size: 256 };
  const width = 128;
  const table = float32([range.start + range.size + 2, width]);
  before(() => smoothTable(stream(3, 'smooth'), table, range, 0.05));

  it('writes the rows of the range alone, the same from the same stream', () => {
    for (const row of [0, 1, 2, 259, 260]) assert.ok(rowOf(row).every((number) => number === 0));
    const again = float32(table.shape);
    smoothTable(stream(3, 'smooth'), again, range, 0.05);
    assert.deepEqual(again.data, table.data);
  });

  it('has elements of mean 0 and the deviation that was asked for', () => {
    const numbers = table.data.subarray(range.start * width, (range.start + range.size) * width);
    let [sum, square] = [0, 0];
    for (const number of numbers) {
      sum += number;
      square += number * number;
    }
    assert.ok(Math.abs(sum / numbers.length) < 0.005, `mean ${sum / numbers.length}`);
    // A column that hardly changes over the range is hardly more than one draw: 0.05 / sqrt(2 * 50) is 0.005, twice.
    assert.ok(Math.abs(Math.sqrt(square / numbers.length) - 0.05) < 0.01, `square ${square / numbers.length}`);
  });

  it('correlates the less the farther bins are apart', () => {
    const correlations = [1, 4, 16, 64, 192].map((distance) => {
      let [product, square] = [0, 0];
      for (let bin = 0; bin + distance < range.size; bin++) {
        const [a, b] = [rowOf(range.start + bin), rowOf(range.start + bin + distance)];
        for (let i = 0; i < width; i++) {
          product += a[i]! * b[i]!;
          square += (a[i]! ** 2 + b[i]! ** 2) / 2;
        }
      }
      return product / square;
    });
    for (const [i, correlation] of correlations.entries())
      if (i > 0) assert.ok(correlation < correlations[i - 1]!, String(correlations));
    assert.ok(correlations[0]! > 0.98 && correlations.at(-1)! < 0.2, String(correlations));
  });

  function rowOf(row: number): Float32Array {
    return (table.data as Float32Array).subarray(row * width, (row + 1) * width);
  }
});

/** Parameters (larger than at the start, for gradients to be seen), and patches of random pixels. */
function patches(size: number, count: number): Record<string, Value> {
  const random = stream(2, 'patches');
  const parameters = patchEmbedding.init(random, { size, channels: 2 }, WIDTH);
  const pixels = float32([count, size, size, 2]);
  random.fillNormal(pixels.data as Float32Array);
  const large = mapTree(parameters, ({ shape, data }: Value, path) =>
    float32(
      shape,
      Float32Array.from(data, (x) => (path === 'output/weight' ? 2 * x : x + 0.1 * random.normal())),
    ),
  );
  const grid = int32(
    [count, 2],
    Int32Array.from({ length: count * 2 }, (_, i) => 5 * i),
  );
  return { ...Object.fromEntries(leaves<Value>(large)), pixels, grid };
}

function tree(named: Readonly<Record<string, tf.Tensor>>): Parameters<typeof patchEmbedding.apply>[0] {
  const root: Record<string, Record<string, tf.Tensor>> = {};
  for (const [path, leaf] of Object.entries(named)) {
    const [part, name] = path.split('/') as [string, string];
    root[part] = { ...root[part], [name]: leaf };
  }
  return root as unknown as Parameters<typeof patchEmbedding.apply>[0];
}
