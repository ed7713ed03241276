import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LightbulbError } from '../../core/index.ts';
import { tf } from '../../nn/engine/tf.ts';
import { float32, int32, type Value } from '../../nn/engine/value.ts';
import { layoutOf, pack, packTensors, unpackTensors, viewsOf } from '../../nn/packing.ts';
import { fromLeaves, isLeaf, leaves, mapTree, subtree, type Tree, zipTree } from '../../nn/tree.ts';

const network = {
  torso: { weight: float32([2, 3], [1, 2, 3, 4, 5, 6]), bias: float32([3], [7, 8, 9]) },
  head: float32([], [10]),
};

const arbitraryTree = fc.letrec<{ tree: Tree<number>; branch: Tree<number> }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3 }, fc.integer(), tie('branch')),
  branch: fc.dictionary(
    fc.string({ minLength: 1, maxLength: 4 }).filter((name) => !name.includes('/') && name !== '__proto__'),
    tie('tree'),
    { minKeys: 1, maxKeys: 4, noNullPrototype: true },
  ),
})).tree;

describe('named trees', () => {
  it('visits leaves by path in code-unit order, however the object was built', () => {
    const paths = ['head', 'torso/bias', 'torso/weight'];
    assert.deepEqual(
      leaves<Value>(network).map(([path]) => path),
      paths,
    );
    const { torso, head } = network;
    assert.deepEqual(
      leaves<Value>({ head, torso }).map(([path]) => path),
      paths,
    );
  });

  it('takes values, tensors, typed arrays and primitives for leaves, and plain objects for branches', () => {
    assert.ok(isLeaf(network.head));
    assert.ok(isLeaf(tf.scalar(1)));
    assert.ok(isLeaf(new Float32Array(2)));
    assert.ok(isLeaf(3));
    assert.ok(!isLeaf(network));
    assert.ok(!isLeaf({ dtype: network.head, shape: network.head }), 'a branch may use the names dtype and shape');
  });

  it('comes back from its leaves', () => {
    fc.assert(fc.property(arbitraryTree, (tree) => assert.deepEqual(fromLeaves(leaves(tree)), tree)));
  });

  it('keeps names and paths in a map', () => {
    assert.deepEqual(
      mapTree(network, (leaf: Value, path) => `${path}:${leaf.data.length}`),
      { head: 'head:1', torso: { bias: 'torso/bias:3', weight: 'torso/weight:6' } },
    );
  });

  it('pairs two trees by name and says where they differ', () => {
    assert.deepEqual(
      zipTree({ a: 1, b: { c: 2 } }, { b: { c: 20 }, a: 10 }, (x: number, y: number) => x + y),
      { a: 11, b: { c: 22 } },
    );
    const add = (x: number, y: number): number => x + y;
    assert.throws(() => zipTree({ a: { b: 1 } }, { a: { c: 1 } }, add), isError('mismatch', /^a: .*wanted b, got c/));
    assert.throws(() => zipTree({ a: 1 }, { a: { c: 1 } }, add), isError('mismatch', /wanted a leaf, got a branch/));
  });

  it('refuses two leaves at one place and names that cannot be keys', () => {
    const build = (...paths: string[]) => fromLeaves(paths.map((path): [string, number] => [path, 0]));
    assert.throws(() => build('a/b', 'a/b'), isError('invalid_input', /a\/b/));
    assert.throws(() => build('a', 'a/b'), isError('invalid_input', /a\/b/));
    assert.throws(() => build('a/b', 'a'), isError('invalid_input', /a/));
    assert.throws(() => build('a//b'), isError('invalid_input', /a\/\/b/));
    assert.throws(() => build('__proto__/polluted'), isError('invalid_input', /__proto__/));
    assert.throws(() => build('', 'a'), isError('invalid_input', /lone leaf/));
    assert.throws(() => leaves({ 'a/b': 1 }), isError('invalid_input', /a\/b/));
  });

  it('finds a subtree, and inherits nothing from Object', () => {
    assert.equal(subtree({ a: { b: 3 } }, 'a/b'), 3);
    assert.equal(subtree({ a: { b: 3 } }, 'a/toString'), undefined);
    assert.deepEqual(subtree({ a: { b: 3 } }, ''), { a: { b: 3 } });
  });
});

describe('packing', () => {
  // Order of the leaves: head [], torso/bias [3], torso/weight [2,3].
  const flat = [10, 7, 8, 9, 1, 2, 3, 4, 5, 6];

  it('lays leaves end to end', () => {
    assert.deepEqual(layoutOf(network), {
      slots: [
        { path: 'head', shape: [], offset: 0, size: 1 },
        { path: 'torso/bias', shape: [3], offset: 1, size: 3 },
        { path: 'torso/weight', shape: [2, 3], offset: 4, size: 6 },
      ],
      size: 10,
    });
    assert.deepEqual([...pack(network).data], flat);
  });

  it('views share the vector', () => {
    const data = Float32Array.from(flat);
    const views = viewsOf(layoutOf(network), data);
    assert.deepEqual(views, network);
    views.torso.bias.data[0] = 70;
    assert.equal(data[1], 70);
  });

  it('tensors go out and back, and the gradient goes with them', () => {
    tf.tidy(() => {
      const layout = layoutOf(network);
      const vector = tf.tensor1d(flat);
      const tree = unpackTensors(vector, layout);
      assert.deepEqual(tree.torso.weight.shape, [2, 3]);
      assert.deepEqual([...tree.torso.weight.dataSync()], [1, 2, 3, 4, 5, 6]);
      assert.deepEqual([...packTensors(tree, layout).dataSync()], flat);
      // d/dx of 5 * head + sum(weight^2) = 5, 0 (bias), 2 * weight
      const gradient = tf.grad((x: tf.Tensor) => {
        const { head, torso } = unpackTensors(x as tf.Tensor1D, layout);
        return tf.add(tf.mul(head, 5), tf.sum(tf.square(torso.weight)));
      })(vector);
      assert.deepEqual([...gradient.dataSync()], [5, 0, 0, 0, 2, 4, 6, 8, 10, 12]);
    });
  });

  it('a lone leaf needs no split', () => {
    tf.tidy(() => {
      const layout = layoutOf(float32([2, 2], [1, 2, 3, 4]));
      assert.deepEqual(unpackTensors(tf.tensor1d([1, 2, 3, 4]), layout).shape, [2, 2]);
    });
  });

  it('refuses other dtypes, other trees and other lengths', () => {
    const layout = layoutOf(network);
    const count = int32([], [1]);
    assert.throws(() => layoutOf({ count }), isError('unsupported', /^count: .*got int32/));
    assert.throws(() => packTensors({ head: tf.scalar(1) }, layout), isError('mismatch', /head\[\]/));
    assert.throws(() => viewsOf(layout, new Float32Array(9)), isError('mismatch', /wanted 10, got 9/));
    assert.throws(() => unpackTensors(tf.zeros([11]), layout), isError('mismatch', /wanted 10, got 11/));
  });
});

function isError(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof LightbulbError && error.code === code && message.test(error.message);
}
