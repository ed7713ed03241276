import { type Json, restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import type { Executor, Layout, Value, Values } from '../../nn/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import { breathe } from '../breathe.ts';
import { Collector, type CollectorState } from '../collector.ts';
import { LearnerState, takeFrom, viewsByPath } from '../learner-state.ts';
import { returnsOf } from '../return-metrics.ts';
import type { StepTokens } from '../tokens/index.ts';
import type { Checkpoint } from '../training.ts';
import { preserveOutputs, ValueScale, type ValueScaleState } from '../value-scale.ts';
import type { GatoModel } from './model.ts';
import type { ReinforcementOptions } from './options.ts';
import { createGatoPlayer, type GatoPlayer } from './player.ts';
import { ReinforcementGroup } from './reinforcement-group.ts';
import { METRICS, reinforcementOptimiser } from './reinforcement-programs.ts';

/** What reinforcement is made from. */
export interface ReinforcementSpec {
  /** Decides every random number of it. */
  readonly seed: number;
  /** The task's environment. */
  readonly make: (copies: number) => BatchedEnvironment;
  /** How each of its groups becomes tokens. */
  readonly tokens: readonly StepTokens[];
  /** With a value head. */
  readonly model: GatoModel;
  /** The cloned weights, packed [P]; copied. */
  readonly parameters: Value;
  readonly layout: Layout;
  /** Time steps that acting remembers; as many as fit the model's length, at most. */
  readonly context: number;
  readonly options: ReinforcementOptions;
  /** Updates in all, over which the learning rate falls to 0 in a line. */
  readonly updates: number;
  readonly executor: Executor;
}

/** What one rollout, and what was learned from it, did. */
export interface ReinforcementStep {
  /** Steps that the environment took in it, all copies added up. */
  readonly steps: number;
  /** Steps of the optimiser. */
  readonly updates: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly episodes: number;
}

/**
 * Proximal policy optimisation (Schulman et al. 2017, arXiv 1707.06347) of a generalist on one task: the backbone is the
 * policy, and a linear head on its vector at each separator is the value. A policy's gradient is that of the tokens of
 * an action alone, each among the ids that were legal.
 */
export interface Reinforcement {
  /** The parameters' leaves by path; the same views for ever, rewritten by `advance` and `load`. */
  readonly parameters: Values;
  /** Steps of the optimiser so far. */
  readonly updates: number;
  /** One rollout, and the epochs on it. Error `not_finite` before state is lost. */
  advance(): Promise<ReinforcementStep>;
  save(): Checkpoint;
  load(checkpoint: Checkpoint): void;
  close(): void;
}

/** Errors: those of `createGatoPlayer`. */
export function createReinforcement(spec: ReinforcementSpec): Reinforcement {
  const { make, options } = spec;
  const environment = make(options.copies);
  try {
    return new BackboneReinforcement(spec, new Collector(environment, options.rollout));
  } catch (error) {
    environment.close?.();
    throw error;
  }
}

/** A linear head on vectors that stand still learns at a higher rate than a backbone. */
const WARM_UP_RATE = 10;

/**
 * Updates in which the policy's learning rate rises from 0: the first steps of Adam are as long for every parameter,
 * however small its gradient, and throw a cloned policy away.
 */
const RAMP = 32;

interface SavedReinforcement {
  readonly updates: number;
  readonly noise: StreamState;
  readonly order: StreamState;
  readonly scale: ValueScaleState;
  readonly running: { readonly environment: Json; readonly collector: CollectorState } | null;
}

class BackboneReinforcement implements Reinforcement {
  readonly parameters: Values;
  updates = 0;
  private readonly acting: Float32Array;
  private readonly learner: LearnerState;
  private readonly groups: readonly ReinforcementGroup[];
  private readonly scale = new ValueScale();
  private player: GatoPlayer;
  private noise: Stream;
  private order: Stream;
  private isFresh = true;

  constructor(
    private readonly spec: ReinforcementSpec,
    private readonly collector: Collector,
  ) {
    const { seed, model, tokens, parameters, layout, context, options, executor } = spec;
    this.learner = new LearnerState(parameters, layout, reinforcementOptimiser(options.maximumGradientNorm, 0));
    this.acting = (parameters.data as Float32Array).slice();
    this.parameters = viewsByPath(layout, this.acting);
    this.noise = stream(seed, 'reinforcement/noise');
    this.order = stream(seed, 'reinforcement/order');
    this.groups = tokens.map(
      (of, index) =>
        new ReinforcementGroup(collector, index, {
          model,
          tokens: of,
          context,
          options,
          executor,
          learner: this.learner,
        }),
    );
    this.player = this.createPlayer();
  }

  async advance(): Promise<ReinforcementStep> {
    const { collector, groups, scale, spec } = this;
    const { options, seed } = spec;
    if (this.isFresh) collector.reset(seed);
    this.player.forget();
    for (const { finals } of groups) finals.clear();
    const episodes = await collector.collect(
      {
        act: (t) => this.player.act(t),
        observed: (t) => {
          for (const [g, { finals }] of groups.entries()) finals.observed(collector.groups[g]!, t, collector.B);
        },
      },
      this.isFresh,
    );
    this.isFresh = false;
    for (const group of groups) {
      group.estimate(scale, this.updates < options.valueWarmup);
      await breathe();
    }
    const explained = this.rescale();
    const sums = new Float64Array(METRICS.length + 1);
    const { measured, taken } = await this.learn(sums);
    this.updates += taken;
    this.publish();
    const means = [...METRICS, 'gradientNorm'].map((name, i): [string, number] => [name, sums[i]! / measured]);
    return {
      steps: options.rollout * options.copies,
      updates: taken,
      metrics: { ...returnsOf(episodes), ...Object.fromEntries(means), explainedVariance: explained },
      episodes: episodes.length,
    };
  }

  save(): Checkpoint {
    const { updates, noise, order, scale, collector, isFresh } = this;
    const running = isFresh ? null : { environment: collector.environment.snapshot(), collector: collector.state() };
    const state = { updates, noise: noise.state(), order: order.state(), scale: scale.state(), running };
    return { tensors: this.learner.save(), state: state as unknown as Json };
  }

  load({ tensors, state }: Checkpoint): void {
    const saved = state as unknown as SavedReinforcement;
    this.learner.load(takeFrom(tensors, 'reinforcement'));
    this.updates = saved.updates;
    this.noise = restoreStream(saved.noise);
    this.order = restoreStream(saved.order);
    this.scale.restore(saved.scale);
    this.publish();
    this.player.dispose();
    this.player = this.createPlayer();
    this.isFresh = saved.running === null;
    if (saved.running === null) return;
    this.collector.environment.restore(saved.running.environment);
    this.collector.restore(saved.running.collector);
  }

  close(): void {
    this.player.dispose();
    for (const group of this.groups) group.dispose();
    this.collector.environment.close?.();
  }

  /** The epochs on a rollout: how many minibatches were measured, and how many steps of the optimiser were taken. */
  private async learn(sums: Float64Array): Promise<{ readonly measured: number; readonly taken: number }> {
    const { groups, order, scale } = this;
    const { epochs, learningRate, valueWarmup } = this.spec.options;
    const left = Math.max(0, 1 - this.updates / this.spec.updates);
    let taken = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const group of groups) {
        for (const rows of group.minibatches(order)) {
          await breathe();
          const number = this.updates + taken - valueWarmup;
          if (number === 0 && valueWarmup > 0) this.beginAnew();
          const rate = learningRate * (number < 0 ? WARM_UP_RATE : Math.min(left, (number + 1) / RAMP));
          if (!group.learn(rows, scale, rate, number < 0, sums)) return { measured: taken + 1, taken };
          taken++;
        }
      }
    }
    return { measured: taken, taken };
  }

  /**
   * Takes the targets into the running scale and puts the value head into it (PopArt). Returns the share of the targets'
   * variance that the values explain.
   */
  private rescale(): number {
    const { scale, learner } = this;
    const parts = this.groups.map((group) => group.statistics());
    const total = parts.reduce((sum, { target }) => sum + target.count, 0);
    const mean = (of: 'target' | 'error', what: 'mean' | 'square'): number =>
      parts.reduce((sum, part) => sum + part[of][what] * part[of].count, 0) / total;
    const from = { mean: scale.mean, std: scale.std };
    const isFirst = this.updates === 0;
    scale.update(mean('target', 'mean'), mean('target', 'square'));
    if (!isFirst) {
      const parameters = learner.parameters();
      const [weight, bias] = [parameters['value/weight']!.data, parameters['value/bias']!.data];
      preserveOutputs(weight as Float32Array, bias as Float32Array, from, scale);
    }
    const variance = (of: 'target' | 'error'): number => mean(of, 'square') - mean(of, 'mean') ** 2;
    return 1 - variance('error') / Math.max(variance('target'), 1e-12);
  }

  /** The moments that warming up left say nothing about the policy's gradients. */
  private beginAnew(): void {
    for (const [name, { data }] of Object.entries(this.learner.current)) if (name !== 'parameters') data.fill(0);
  }

  private publish(): void {
    this.acting.set(this.learner.current.parameters!.data as Float32Array);
  }

  private createPlayer(): GatoPlayer {
    const { model, tokens, context, executor } = this.spec;
    return createGatoPlayer(this.collector, {
      model,
      tokens,
      parameters: () => this.parameters,
      context,
      overlap: 0,
      noise: this.noise,
      executor,
    });
  }
}
