/** Several sequences in one row: each is as if it were alone. */
import assert from 'node:assert/strict';
import { stream } from '../../../core/index.ts';
import {
  Backbone,
  type BackboneOptions,
  compile,
  flattened,
  float32,
  int32,
  mapTree,
  restored,
  type Sequence,
  tf,
  type Value,
} from '../../../nn/index.ts';
import { assertClose } from '../close.ts';

const V = 11;
const LENGTHS = [4, 3, 2];
const L = LENGTHS.reduce((sum, length) => sum + length);
const SEGMENT = LENGTHS.flatMap((length, segment) => new Array<number>(length).fill(segment));
const ORDER = LENGTHS.flatMap((length) => Array.from({ length }, (_, i) => i));
const IDS = [3, 7, 1, 10, 4, 0, 5, 2, 9];

const CONFIGURATIONS: Readonly<Record<string, Partial<BackboneOptions>>> = {
  'rotary positions': { positions: [{ kind: 'rotary' }] },
  'learned positions': {},
  'softmax off by one, norm of queries and keys': {
    softmax: 'off-by-one',
    qkNorm: true,
    positions: [{ kind: 'rotary' }],
  },
  'a bidirectional mask': { mask: 'bidirectional' },
};

describe('several sequences in a row of the backbone', () => {
  before(() => tf.setBackend('cpu'));

  for (const [name, options] of Object.entries(CONFIGURATIONS))
    describe(`with ${name}`, () => {
      const model = new Backbone({
        ...{ vocabulary: V, width: 8, layers: 2, heads: 2, hidden: 12, length: 12, deviation: 0.3 },
        ...options,
      });
      const parameters = flattened<Value>(
        'p/',
        mapTree(model.init(stream(2, 'tiny')), (leaf: Value) => leaf),
      );
      const program = compile((inputs) => ({
        logits: model.logits(restored('p/', inputs) as never, inputs as unknown as Sequence),
      }));
      const logitsOf = (row: Record<string, readonly number[]>): Float32Array => {
        const inputs = Object.fromEntries(
          Object.entries(row).map(([key, numbers]) => [key, int32([1, numbers.length], numbers)]),
        );
        return program.run({ ...parameters, ...inputs }).logits!.data as Float32Array;
      };
      after(() => program.dispose());

      it('gives each the logits that it has by itself', () => {
        const together = logitsOf({ ids: IDS, segment: SEGMENT, order: ORDER });
        let from = 0;
        for (const length of LENGTHS) {
          const alone = logitsOf({ ids: IDS.slice(from, from + length) });
          assertClose(together.subarray(from * V, (from + length) * V), alone, 1e-5);
          from += length;
        }
      });

      it('lets no token see another sequence', () => {
        const before = logitsOf({ ids: IDS, segment: SEGMENT, order: ORDER });
        for (let changed = 0; changed < L; changed++) {
          const ids = IDS.map((id, i) => (i === changed ? (id + 1) % V : id));
          const after = logitsOf({ ids, segment: SEGMENT, order: ORDER });
          for (let at = 0; at < L; at++) {
            const [a, b] = [before, after].map((logits) => [...logits.subarray(at * V, (at + 1) * V)]);
            const isReached = SEGMENT[at] === SEGMENT[changed] && (options.mask === 'bidirectional' || at >= changed);
            if (isReached) assert.notDeepEqual(b, a, `token ${changed} does not reach ${at}`);
            else assert.deepEqual(b, a, `token ${changed} reaches ${at}`);
          }
        }
      });

      it('takes no gradient from another sequence', () => {
        const slopes = compile(({ x, segment, order, ...rest }) => {
          const tree = restored('p/', rest) as never;
          const second = (y: tf.Tensor): tf.Scalar => {
            const { hidden } = model.trunk(tree, y, { segment: segment!, order: order! });
            return tf.sum(tf.square(tf.slice(hidden, [0, 4, 0], [1, 3, 4])));
          };
          return { slope: tf.grad(second)(x!) };
        });
        const x = float32([1, L, 8]);
        stream(3, 'x').fillNormal(x.data as Float32Array);
        const row = (numbers: readonly number[]): Value => int32([1, L], numbers);
        const { slope } = slopes.run({ ...parameters, x, segment: row(SEGMENT), order: row(ORDER) });
        for (let at = 0; at < L; at++)
          assert.equal(
            slope!.data.subarray(at * 8, (at + 1) * 8).some((number) => number !== 0),
            SEGMENT[at] === 1,
            `token ${at}`,
          );
        slopes.dispose();
      });
    });
});
