import { type Json, LightbulbError, type Stream, stream } from '../../core/index.ts';
import {
  compile,
  type Executor,
  flattened,
  float32,
  restored,
  type Tree,
  type tf,
  type Value,
} from '../../nn/index.ts';
import type { BatchedEnvironment, LevelSpace } from '../../worlds/index.ts';
import { fillNoise, type Noise, noiseValues, type WorldModel } from '../../worlds/models/index.ts';
import { breathe } from '../breathe.ts';
import { Collector, type Player } from '../collector.ts';
import { takeFrom } from '../learner-state.ts';
import { crossFittedCvar, type LevelReturns, meanReturn } from '../level-scores.ts';
import type { Acting, ActingParameters } from './acting.ts';
import type { DreamerActions } from './actions.ts';
import { Behaviour } from './behaviour.ts';
import type { DreamerOptions } from './options.ts';
import { type SequenceReplay, sequenceBatch } from './replay.ts';
import { TaskRewards } from './task-rewards.ts';
import type { ZeroShotOptions } from './zero-shot-options.ts';

export interface ZeroShotParts {
  readonly make: (copies: number) => BatchedEnvironment;
  readonly model: WorldModel;
  readonly actions: DreamerActions;
  readonly options: DreamerOptions;
  readonly zeroShot: ZeroShotOptions;
  readonly executor: Executor;
  /** Read only. */
  readonly replay: SequenceReplay;
  /** The model's parameters under `model/`; they stay where they are. */
  readonly world: Readonly<Record<string, Value>>;
  acting(collector: Collector): Acting;
}

/** The share of levels that are the worst. */
const WORST = 0.1;
/** Levels that are drawn where there is no grid. */
const DRAWN = 32;
/** Gradient steps between two turns for the rest of the process. */
const STEPS_OF_A_BREATH = 4;

/**
 * Asks for each of the environment's tasks: learns from the replay what steps would have been paid, trains a fresh actor in
 * the model's imagination on it, and plays that actor on every level. Model and replay stay as they are, and all chance is
 * `seed`'s, so that asking does not change the training.
 *
 * Scores by task, returns of whole episodes: `<task>/mean` and `<task>/cvar10` (cross-fitted) over the levels that training
 * draws from, `<task>/ood-along` and `<task>/ood-away` the means over those that it never draws, where there are any.
 */
export async function zeroShot(
  parts: ZeroShotParts,
  seed: number,
  isGreedy: boolean,
): Promise<Readonly<Record<string, number>>> {
  const { zeroShot: options } = parts;
  const named = (name: string): Stream => stream(seed, `zero-shot/${name}`);
  const inference = new Inference(parts, named('replay'), named('inference'));
  const behaving = { ...parts, batch: inference.batch, states: inference.states };
  const rewards = new TaskRewards(behaving, options, named('rewards'));
  const behaviour = new Behaviour(
    'zero-shot',
    { ...behaving, intrinsic: { reward: (...given) => rewards.reward(...given) } },
    named('behaviour'),
  );
  try {
    const sums = new Map<string, number>();
    for (let i = 0; i < options.rewardSteps; i++) {
      inference.step();
      rewards.step(sums);
      if (i % STEPS_OF_A_BREATH === 0) await breathe();
    }
    const fresh = takeFrom(behaviour.state.save(), 'zero-shot');
    const given = { ...parts.world, ...rewards.views() };
    const scores: Record<string, number> = {};
    const names = taskNames(parts.make);
    for (const [k, task] of names.entries()) {
      behaviour.state.load(fresh);
      rewards.set(k);
      const noise = named(`behaviour/${task}`);
      for (let i = 0; i < options.policySteps; i++) {
        inference.step();
        behaviour.step(given, '', noise, sums);
        if (i % STEPS_OF_A_BREATH === 0) await breathe();
      }
      const actor = { key: task, values: { ...parts.world, ...behaviour.actorViews() } };
      for (const [name, score] of Object.entries(await playLevels(parts, actor, k, seed, isGreedy)))
        scores[`${task}/${name}`] = score;
    }
    return scores;
  } finally {
    inference.dispose();
    rewards.dispose();
    behaviour.dispose();
  }
}

/** Batches of a replay and the states that the model infers for them, without learning. */
class Inference {
  readonly batch;
  /** [L, B, S]. */
  readonly states: Value;
  private readonly program;
  private readonly run: () => void;
  private readonly noise: Readonly<Record<string, Value>>;

  constructor(
    private readonly parts: ZeroShotParts,
    private readonly drawing: Stream,
    private readonly random: Stream,
  ) {
    const { model, options, replay, executor, world } = parts;
    this.batch = sequenceBatch(replay.shape, options.length, options.batch, model.stateSize);
    this.states = float32([options.length, options.batch, model.stateSize]);
    this.noise = noiseValues(model.observeNoise, [options.length, options.batch]);
    this.program = compile(
      (inputs) => {
        const { observation, action, reward, first, terminal, state } = inputs as Record<string, tf.Tensor>;
        const sequence = {
          observation: observation!,
          action: action!,
          reward: reward!,
          first: first!,
          terminal: terminal!,
        };
        const noise = restored('noise/', inputs) as unknown as Noise;
        return { states: model.observe(restored('model/', inputs) as Tree<tf.Tensor>, sequence, state!, noise).states };
      },
      { name: 'dreamer/zero-shot inference', executor },
    );
    const { observation, action, reward, first, terminal, state } = this.batch;
    const sequence = { observation, action, reward, first, terminal, state };
    const inputs = { ...world, ...sequence, ...flattened('noise/', this.noise as Tree<Value>) };
    this.run = this.program.bind(inputs, { states: this.states });
  }

  step(): void {
    const { parts, batch, drawing, random, noise } = this;
    parts.replay.sample(drawing, batch, parts.options.storedStates);
    fillNoise(random, parts.model.observeNoise, noise);
    this.run();
  }

  dispose(): void {
    this.program.dispose();
  }
}

/** Scores of one task on all levels, played side by side. */
async function playLevels(
  parts: ZeroShotParts,
  actor: ActingParameters,
  task: number,
  seed: number,
  isGreedy: boolean,
): Promise<Record<string, number>> {
  const { along, away } = parts.zeroShot;
  const known = withEnvironment(parts.make, ({ levels }) => levelsOf(levels));
  const returns = await returnsOn(parts, [...known, ...along, ...away], actor, task, seed, isGreedy);
  const part = (from: number, count: number): LevelReturns => returns.slice(from, from + count);
  const home = part(0, known.length);
  return {
    mean: meanReturn(home),
    cvar10: crossFittedCvar(home, WORST),
    ...(along.length === 0 ? {} : { 'ood-along': meanReturn(part(known.length, along.length)) }),
    ...(away.length === 0 ? {} : { 'ood-away': meanReturn(part(known.length + along.length, away.length)) }),
  };
}

/** [levels][episodes]: what episodes on each level are worth to a task. */
async function returnsOn(
  { make, acting, zeroShot }: ZeroShotParts,
  levels: readonly Json[],
  actor: ActingParameters,
  task: number,
  seed: number,
  isGreedy: boolean,
): Promise<number[][]> {
  const environment = make(levels.length);
  const tasks = environment.taskNames!.length;
  for (const [b, level] of levels.entries()) environment.setLevel!(b, level);
  const collector = new Collector(environment, 1);
  const own = acting(collector);
  const noise = stream(seed, `zero-shot/play/${task}`);
  const player: Player = { act: (t) => own.act(t, collector.keep, actor, isGreedy, noise) };
  const rewards = new Float32Array(levels.length * tasks);
  const sums = new Float64Array(levels.length);
  const returns: number[][] = levels.map(() => []);
  let missing = levels.length * zeroShot.episodes;
  collector.reset(seed);
  for (let isFirst = true; missing > 0; isFirst = false) {
    const ended = await collector.collect(player, isFirst);
    environment.taskRewards!(rewards);
    for (let b = 0; b < levels.length; b++) sums[b]! += rewards[b * tasks + task]!;
    for (const { copy } of ended) {
      if (returns[copy]!.length < zeroShot.episodes) {
        returns[copy]!.push(sums[copy]!);
        missing--;
      }
      sums[copy] = 0;
    }
  }
  environment.close?.();
  return returns;
}

/** The levels that training draws from: all where they can be listed, else some drawn ones. */
function levelsOf(space: LevelSpace | undefined): readonly Json[] {
  if (space === undefined) throw new LightbulbError('internal', 'tasks are asked for where there are no levels');
  return space.grid ?? Array.from({ length: DRAWN }, (_, seed) => space.generate(seed));
}

function taskNames(make: ZeroShotParts['make']): readonly string[] {
  return withEnvironment(make, (environment) => environment.taskNames ?? []);
}

function withEnvironment<T>(make: ZeroShotParts['make'], look: (environment: BatchedEnvironment) => T): T {
  const environment = make(1);
  try {
    return look(environment);
  } finally {
    environment.close?.();
  }
}
