import assert from 'node:assert/strict';
import { stream } from '../../../core/index.ts';
import { float32, onnxExecutor, tf, type Value } from '../../../nn/index.ts';
import {
  Calibration,
  ModelExam,
  modelQuality,
  type RecordedEpisodes,
  type WorldModel,
} from '../../../worlds/models/index.ts';
import { rejects } from './rejects.ts';

/**
 * Remembers the last observation (2 numbers) and the number of rows seen; believes that an action is added to both, is
 * wrong by `drift` and by noise of deviation `spread`, and that what comes next is the end with a probability that
 * the first number of the observation says.
 */
const adding = ({ drift = 0, spread = 0 }: { drift?: number; spread?: number } = {}): WorldModel => ({
  name: 'adding',
  observationSize: 2,
  actionSize: 1,
  stateSize: 3,
  featureSize: 3,
  observeNoise: {},
  imagineNoise: { next: { kind: 'normal', size: 2 } },
  initialise: () => ({ drift: float32([2], [drift, drift]) }),
  start: (rows) => tf.zeros([rows, 3]),
  observe(_parameters, { observation }, state) {
    const [rows, columns] = observation.shape as [number, number, number];
    const seen = tf.slice(state, [0, 2], [columns, 1]);
    const counts = tf.add(tf.reshape(tf.range(1, rows + 1), [rows, 1, 1]), tf.expandDims(seen, 0));
    return { states: tf.concat([observation, counts], -1) };
  },
  imagine(parameters, state, action, noise) {
    const [rows] = state.shape as [number, number];
    const { drift: wrong } = parameters as { drift: tf.Tensor };
    const seen = tf.slice(state, [0, 0], [rows, 2]);
    const next = tf.add(tf.add(seen, action), tf.add(wrong, tf.mul(noise.next!, spread)));
    const probability = tf.clipByValue(tf.slice(state, [0, 0], [rows, 1]), 0.01, 0.99);
    const logit = tf.log(tf.div(probability, tf.sub(1, probability)));
    return {
      state: tf.concat([next, tf.slice(state, [0, 2], [rows, 1])], 1),
      reward: tf.zeros([rows]),
      terminalLogit: tf.reshape(logit, [rows]),
    };
  },
  features: (state) => state,
  decode: (_parameters, state) => tf.slice(state, [0, 0], [state.shape[0]!, 2]),
  losses() {
    throw new Error('not asked for here');
  },
});

/** Episodes in which both numbers of the observation begin at `start` and grow by `action` a step; all end at the end. */
function walks(lengths: readonly number[], { action = 0.5, start = 0.25 } = {}): RecordedEpisodes {
  const rows = Math.max(...lengths) + 2;
  const columns = lengths.length;
  const of = (size: number, at: (row: number, column: number) => number): Value =>
    float32(
      size === 0 ? [rows, columns] : [rows, columns, size],
      Float32Array.from({ length: rows * columns * Math.max(1, size) }, (_, i) => {
        const cell = Math.floor(i / Math.max(1, size));
        return at(Math.floor(cell / columns), cell % columns);
      }),
    );
  const isPadding = (row: number, column: number): boolean => row >= lengths[column]!;
  return {
    lengths,
    sequence: {
      observation: of(2, (row, column) => (isPadding(row, column) ? 77 : start + row * action)),
      action: of(1, (row, column) => (row === 0 || isPadding(row, column) ? 0 : action)),
      reward: of(0, () => 0),
      first: of(0, (row) => (row === 0 ? 1 : 0)),
      terminal: of(0, (row, column) => (row === lengths[column]! - 1 ? 1 : 0)),
    },
  };
}

const executor = onnxExecutor();
const measure = (model: WorldModel, episodes: RecordedEpisodes, options = {}) =>
  modelQuality({
    model,
    executor,
    parameters: model.initialise(stream(1, 'model')),
    episodes,
    stream: stream(1, 'exam'),
    ...options,
  });
const near = (got: number, wanted: number, within = 1e-5): void =>
  assert.ok(Math.abs(got - wanted) <= within * Math.max(1, Math.abs(wanted)), `${got} is not ${wanted}`);

describe('quality of world models', () => {
  it('finds the error of a model that drifts, and of copying, at each horizon', () => {
    const { openLoop } = measure(adding({ drift: 0.1 }), walks([40, 31, 22]));
    assert.deepEqual(Object.keys(openLoop), ['1', '5', '15']);
    for (const [ahead, { model, copy, cases }] of Object.entries(openLoop)) {
      near(model, (0.1 * Number(ahead)) ** 2);
      near(copy, (0.5 * Number(ahead)) ** 2);
      // From rows 4 to 24, 15 and 6, four of each that are as long
      assert.equal(cases, 4 + 4 + 3);
    }
    near(measure(adding(), walks([40])).openLoop['15']!.model, 0);
  });

  it('counts only what an episode is long enough for', () => {
    const { openLoop } = measure(adding({ drift: 0.1 }), walks([3, 12]));
    assert.equal(openLoop['15'], undefined);
    // The short one is imagined from its first row but one; the long one from row 4, which has 7 rows behind it.
    assert.equal(openLoop['1']!.cases, 2);
    assert.equal(openLoop['5']!.cases, 1);
    near(openLoop['5']!.model, 0.25);
  });

  it('judges the mean of the draws', () => {
    const error = (draws: number): number =>
      measure(adding({ spread: 1 }), walks(Array<number>(40).fill(60)), { draws, starts: 8 }).openLoop['5']!.model;
    // Noise of 5 steps has variance 5, its mean over the draws a part of that; 640 numbers: a deviation of 6 % of it.
    near(error(1), 5, 0.25);
    near(error(10), 0.5, 0.15);
  });

  it('scores predicted endings one step ahead', () => {
    // The model sees 0.25, 0.5 and 0.75 before the rows that follow, of which the last ends.
    const { terminal } = measure(adding(), walks([4, 4], { action: 0.25 }));
    assert.equal(terminal.cases, 6);
    near(terminal.rate, 1 / 3);
    near(terminal.brier, (0.25 ** 2 + 0.5 ** 2 + 0.25 ** 2) / 3);
    near(terminal.brierOfRate, 2 / 9);
    near(terminal.calibrationError, (0.25 + 0.5 + 0.25) / 3);
    assert.deepEqual(
      terminal.bins.map(({ predicted, happened, cases }) => [predicted.toFixed(3), happened, cases]),
      [
        ['0.250', 0, 2],
        ['0.500', 0, 2],
        ['0.750', 1, 2],
      ],
    );
  });

  it('finds nothing to complain about where one in four ends and one in four is said to', () => {
    const calibration = new Calibration(10);
    for (let i = 0; i < 4000; i++) calibration.add(0.25, i % 4 === 0 ? 1 : 0);
    const { calibrationError, brier, brierOfRate } = calibration.result();
    near(calibrationError, 0);
    near(brier, brierOfRate);
    calibration.add(1, 1);
    assert.equal(calibration.result().bins.length, 2);
  });

  it('says the same with the same stream, and can be asked again', () => {
    const model = adding({ spread: 1 });
    const exam = new ModelExam(model, executor);
    const ask = (seed: number) =>
      exam.measure({
        parameters: model.initialise(stream(1, 'model')),
        episodes: walks([30, 20]),
        stream: stream(seed, 'exam'),
      });
    const once = ask(1);
    assert.deepEqual(ask(1), once);
    assert.notDeepEqual(ask(2).openLoop, once.openLoop);
    assert.deepEqual(ask(2).terminal, once.terminal);
    exam.dispose();
  });

  it('names what is not finite', () => {
    const model = adding({ drift: Number.POSITIVE_INFINITY });
    rejects(() => measure(model, walks([30])), 'not_finite', '1 steps ahead');
    assert.throws(() => new Calibration(10).add(Number.NaN, 0), /no probability/);
  });

  it('refuses what does not fit', () => {
    const model = adding();
    rejects(() => measure(model, walks([30]), { horizons: [5, 1] }), 'invalid_input', 'horizons/1');
    rejects(() => measure(model, walks([30]), { draws: 0 }), 'invalid_input', 'draws');
    rejects(() => measure(model, walks([30, 1])), 'invalid_input', 'lengths/1');
    const { sequence, lengths } = walks([30]);
    const reward = float32([3, 1]);
    rejects(() => measure(model, { lengths, sequence: { ...sequence, reward } }), 'invalid_input', 'sequence/reward');
  });
});
