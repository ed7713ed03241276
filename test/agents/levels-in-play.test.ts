import assert from 'node:assert/strict';
import {
  Collector,
  createTraining,
  type LevelFeed,
  type LevelOutcome,
  LevelsInPlay,
  type PpoOptions,
  type Training,
} from '../../agents/index.ts';
import { type Json, type LightbulbError, stream } from '../../core/index.ts';
import { createCurriculum, createLevelFeed } from '../../curricula/index.ts';
import { type BatchedEnvironment, batch, box, discrete, type Environment } from '../../worlds/index.ts';
import { network, plain, throughFile } from './probes.ts';

/** Pays its level once a step, for as many steps as its level says. */
function levelled(): Environment {
  let [level, t] = [0, 0];
  const seen = () => ({ observations: { agent: Float32Array.of(level, t) } });
  return {
    agents: ['agent'],
    spaces: { agent: { observation: box([2], -1, 10), action: discrete(2) } },
    levels: { generate: (seed) => ({ n: 1 + (seed % 3) }), grid: [{ n: 1 }, { n: 2 }, { n: 3 }] },
    reset({ level: given }) {
      level = (given as { n: number } | undefined)?.n ?? 9;
      t = 0;
      return seen();
    },
    step() {
      t++;
      const over = t >= level;
      return { ...seen(), rewards: { agent: level }, terminated: { agent: over }, truncated: { agent: false } };
    },
    snapshot: () => ({ level, t }),
    restore(saved) {
      ({ level, t } = saved as { level: number; t: number });
    },
  };
}

const make = (copies: number): BatchedEnvironment => batch(levelled, copies);

/** Says 1, 2, 3, 1, ... and remembers what it was told. */
class Counting implements LevelFeed {
  asked = 0;
  readonly told: (LevelOutcome & { readonly steps: number })[] = [];
  next = (): Json => ({ n: 1 + (this.asked++ % 3) });
  report(outcomes: readonly LevelOutcome[], steps: number): void {
    this.told.push(...outcomes.map((outcome) => ({ ...outcome, steps })));
  }
  metrics = () => ({ asked: this.asked });
  save = (): Json => this.asked;
  load(saved: Json): void {
    this.asked = saved as number;
  }
}

describe('levels in play', () => {
  it('are those that the environment plays, and the returns are theirs', async () => {
    const feed = new Counting();
    const environment = make(2);
    const levels = new LevelsInPlay(environment, feed);
    const collector = new Collector(environment, 12, levels);
    collector.reset(1);
    const seen = (t: number, b: number) => collector.groups[0]!.observation[(t * 2 + b) * 2];
    const episodes = await collector.collect({ act: () => {} }, true);
    assert.deepEqual([seen(0, 0), seen(0, 1)], [1, 2], 'the first levels of the feed');
    assert.deepEqual(
      [seen(12, 0), seen(12, 1)],
      [levels.level(0), levels.level(1)].map((each) => (each as { n: number }).n),
    );
    levels.report(24);
    assert.equal(feed.told.length, episodes.length);
    for (const { level, return: paid, samples, steps } of feed.told) {
      assert.equal(paid, (level as { n: number }).n ** 2, 'as many steps as its level, each paid its level');
      assert.deepEqual([samples, steps], [1, 24]);
    }
    levels.report(48);
    assert.equal(feed.told.length, episodes.length, 'nothing is told twice');
  });

  it('need an environment that takes them', () => {
    const { setLevel: _, ...without } = make(1);
    assert.throws(
      () => new LevelsInPlay(without as BatchedEnvironment, new Counting()),
      (error: LightbulbError) => error.code === 'unsupported',
    );
  });

  it('PPO plays the levels of its curriculum, says so, and goes on exactly', async () => {
    const learner: PpoOptions = { ...plain, network: network({ hidden: [4] }), rollout: 7, epochs: 1, minibatches: 1 };
    const start = (): Promise<Training> => {
      const space = make(1).levels!;
      const options = { name: 'gradual-expansion', randomShare: 0.5, places: 8 } as const;
      const curriculum = createLevelFeed(createCurriculum(options), space, stream(3, 'curriculum'));
      const rest = { seed: 3, steps: 1000, copies: 3, executor: 'onnx', device: 'cpu', threads: 1 } as const;
      return createTraining({ ...rest, make, learner, curriculum });
    };
    const whole = await start();
    const first = await whole.advance();
    assert.ok(first.metrics['curriculum/places']! >= 1, 'returns were reported');
    assert.ok(first.metrics['return/mean']! <= 9, 'no episode was of the level 9 that seeds would choose');
    await whole.advance();
    const saved = throughFile(whole.save());
    const wanted = [await whole.advance(), await whole.advance()];
    const other = await start();
    other.load(saved);
    assert.deepEqual([await other.advance(), await other.advance()], wanted);
    await whole.close();
    await other.close();
  });
});
