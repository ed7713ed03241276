import { type Json, LightbulbError, restoreStream, type Stream, type StreamState } from '../core/index.ts';
import { type Executor, layoutOf, pack, type Value, type Values } from '../nn/index.ts';
import type { Policy } from './actor-critic.ts';
import { breathe } from './breathe.ts';
import type { GlobalState } from './global-state.ts';
import { LearnerState, takeFrom, viewsByPath } from './learner-state.ts';
import { outcomeOf, type RoundOutcome } from './level-rounds.ts';
import { ObservationStatistics } from './observation-statistics.ts';
import type { PpoOptions } from './options.ts';
import { bindActing } from './ppo-acting.ts';
import { PpoEstimates } from './ppo-estimates.ts';
import { standardise } from './ppo-minibatch.ts';
import { isRecurrent, networksFor, type PpoParts } from './ppo-parts.ts';
import { createPpoPrograms, METRICS, type PpoPrograms, ppoOptimiser } from './ppo-programs.ts';
import { ScanUpdater } from './ppo-scan-updater.ts';
import { sourcesOf } from './ppo-sources.ts';
import { PpoTargets } from './ppo-targets.ts';
import { type PpoUpdater, StepUpdater } from './ppo-updater.ts';
import { createArrays, memoryAt } from './unit-arrays.ts';
import type { UnitRollout } from './unit-rollout.ts';
import { ValueScale, type ValueScaleState } from './value-scale.ts';

export interface UnitStreams {
  readonly initial: Stream;
  readonly noise: Stream;
  readonly order: Stream;
}

/** How a unit's updates run. */
export interface UpdateOptions {
  /** Parts of each minibatch worked on at the same time, one per thread; `steps` alone. */
  readonly shards: number;
  /** A call for each step of the optimiser, or one for all of a rollout (of an epoch, with `targetKl`). */
  readonly updates: 'steps' | 'scan';
}

/**
 * One set of shared parameters and the experience it learns from: networks, compiled programs, and the arrays that
 * they are tied to.
 */
export class PpoUnit {
  readonly policy: Policy;
  readonly programs: PpoPrograms;
  /** The actor's parameters as views into what acts; they change with `learn` and `load`. */
  readonly actor: Values;
  readonly statistics: ObservationStatistics | null;
  private readonly parts: PpoParts;
  private readonly learner: LearnerState;
  private readonly acting: Float32Array;
  private readonly scale: ValueScale | null;
  private readonly noise: Float32Array;
  private readonly acts: readonly (() => void)[];
  private readonly estimates: PpoEstimates;
  private readonly permutation: Int32Array;
  private readonly targets: PpoTargets;
  private readonly updaters = new Map<boolean, PpoUpdater>();
  private noiseStream: Stream;
  private orderStream: Stream;

  constructor(
    readonly rollout: UnitRollout,
    state: GlobalState,
    private readonly options: PpoOptions,
    executor: Executor,
    streams: UnitStreams,
    private readonly how: UpdateOptions,
  ) {
    const { unit, sizes, T, B } = rollout;
    const { N: n, D, A, M } = sizes;
    const isCentral = options.critic === 'central';
    const networks = networksFor(rollout, state, options);
    this.policy = networks.policy;
    const initial = networks.initialise(streams.initial);
    const layout = layoutOf(initial);
    const [actorLayout, criticLayout] = [layoutOf(initial.actor), layoutOf(initial.critic)];
    const isStateShared = !isCentral || state.isObservationOf(rollout);
    const shape = { n, D, A, M, criticRows: isCentral ? 1 : n, actorLayout, criticLayout, isStateShared };
    this.programs = createPpoPrograms(networks, shape, options, executor, unit.name);
    this.learner = new LearnerState(pack(initial), layout, ppoOptimiser(options, 0));
    this.acting = new Float32Array(layout.size);
    this.actor = withPrefix('actor', viewsByPath(actorLayout, this.acting.subarray(0, actorLayout.size)));
    const critic = withPrefix('critic', viewsByPath(criticLayout, this.acting.subarray(actorLayout.size)));
    this.publish();

    this.statistics = options.normaliseObservations ? new ObservationStatistics(D) : null;
    this.scale = options.valueNormalisation === 'none' ? null : new ValueScale();
    this.targets = new PpoTargets(this.scale, options);
    this.noiseStream = streams.noise;
    this.orderStream = streams.order;
    const memory = { actor: networks.policy.memorySize, critic: networks.criticMemorySize };
    const arrays = createArrays(T, B, n, memory, shape.criticRows);
    const { programs, actor, statistics } = this;
    this.parts = { options, networks, shape, programs, rollout, state, arrays, statistics, actor, critic };
    this.noise = new Float32Array(T * B * n * this.policy.head.noiseSize);
    this.acts = bindActing(this.parts, this.noise);
    this.estimates = new PpoEstimates(this.parts, this.scale, how.shards);
    this.permutation = this.firstRows();
  }

  get isRecurrent(): boolean {
    return isRecurrent(this.parts);
  }

  get parameterCount(): number {
    return this.learner.layout.size;
  }

  /** Draws the noise of a whole rollout and goes on with the memory where the last one ended. */
  begin(isFirst: boolean): void {
    if (this.policy.head.noise === 'gumbel') this.noiseStream.fillGumbel(this.noise);
    else this.noiseStream.fillNormal(this.noise);
    this.estimates.begin();
    if (isFirst) return;
    for (const memory of Object.values(this.parts.arrays.memory)) {
      const row = memory.data.length / (this.rollout.T + 1);
      memory.data.copyWithin(0, this.rollout.T * row);
    }
  }

  /** Chooses the actions of step `t`. */
  act(t: number): void {
    this.rollout.pullObservation(t);
    this.acts[t]!();
    this.rollout.pushAction(t);
  }

  /** Takes in what step `t` answered. */
  observed(t: number): void {
    this.rollout.pullOutcome(t);
    this.estimates.observed(t);
  }

  /** Works out values and advantages of the rollout. */
  judge(): void {
    this.rollout.pullObservation(this.rollout.T);
    this.estimates.run();
  }

  /** What was judged, for who scores levels by it. done: [T, B * n], to be written. */
  outcome(done: Uint8Array): RoundOutcome {
    return outcomeOf(this.rollout, this.parts.arrays, done);
  }

  /** Learns from the rollout that was judged. Returns the means of the metrics over all minibatches. */
  async learn(rate: number): Promise<Record<string, number>> {
    const { options, rollout, orderStream, permutation } = this;
    // Not before: who scores levels reads advantages in units of the return.
    if (options.normaliseAdvantages === 'rollout') standardise(this.parts.arrays.advantage, rollout.alive);
    const isSomeoneDead = rollout.alive.subarray(0, rollout.T * rollout.B * this.parts.shape.n).includes(0);
    const updater = this.updaterFor(isSomeoneDead);
    this.targets.begin();
    const samples = permutation.length / options.minibatches;
    const epochsAtOnce = (updater.count ?? options.minibatches) / options.minibatches;
    const sums = new Float64Array(METRICS.length + 1);
    let count = 0;
    for (let epoch = 0; epoch < options.epochs; epoch += epochsAtOnce) {
      const minibatches: Int32Array[] = [];
      for (let e = 0; e < epochsAtOnce; e++) {
        orderStream.shuffle(permutation);
        const order = permutation.slice();
        for (let i = 0; i < options.minibatches; i++) minibatches.push(order.subarray(i * samples, (i + 1) * samples));
      }
      await breathe();
      const kl = updater.learn(minibatches, rate, sums);
      count += minibatches.length;
      if (options.targetKl !== null && kl / minibatches.length > options.targetKl) break;
    }
    this.publish();
    this.statistics?.update(rollout);
    return Object.fromEntries([...METRICS, 'gradientNorm'].map((name, i) => [name, sums[i]! / count]));
  }

  /** Everything that must come back for the same future: arrays by name, and plain data. */
  save(): { readonly tensors: Record<string, Value>; readonly state: Json } {
    const tensors = this.learner.save();
    for (const [name, memory] of this.lastMemories()) tensors[name] = { ...memory, data: memory.data.slice() };
    const state = {
      noise: this.noiseStream.state(),
      order: this.orderStream.state(),
      permutation: Array.from(this.permutation),
      scale: this.scale?.state() ?? null,
      statistics: this.statistics?.state() ?? null,
    };
    return { tensors, state: state as unknown as Json };
  }

  /** Takes back what `save` gave. Error `mismatch` naming the first array that does not fit this network. */
  load(tensors: Values, saved: Json): void {
    const take = takeFrom(tensors, this.rollout.unit.name);
    this.learner.load(take);
    for (const [name, memory] of this.lastMemories()) memory.data.set(take(name, memory.shape));
    const state = saved as unknown as {
      noise: StreamState;
      order: StreamState;
      permutation: number[];
      scale: ValueScaleState | null;
      statistics: ReturnType<ObservationStatistics['state']> | null;
    };
    this.noiseStream = restoreStream(state.noise);
    this.orderStream = restoreStream(state.order);
    if (state.permutation.length !== this.permutation.length) {
      throw new LightbulbError('mismatch', 'the checkpoint belongs to a rollout of another size', {
        wanted: `${this.permutation.length} samples`,
        got: String(state.permutation.length),
        cure: 'Resume with the scenario that wrote it',
      });
    }
    this.permutation.set(state.permutation);
    if (state.scale !== null) this.scale?.restore(state.scale);
    if (state.statistics !== null) this.statistics?.restore(state.statistics);
    this.publish();
  }

  dispose(): void {
    for (const program of Object.values(this.programs)) program.dispose();
  }

  /** What is remembered after the rollout, as checkpoints name it: views. */
  private lastMemories(): [string, Value][] {
    const { actorMemory, criticMemory } = this.parts.arrays.memory;
    const named: [string, Value | undefined][] = [
      ['memory/actor', actorMemory],
      ['memory/critic', criticMemory],
    ];
    return named.flatMap(([name, memory]): [string, Value][] =>
      memory === undefined ? [] : [[name, memoryAt(memory, this.rollout.T)]],
    );
  }

  private publish(): void {
    this.acting.set(this.learner.current.parameters!.data as Float32Array);
  }

  /** The first rows of all samples: every row, or those where a chunk starts. */
  private firstRows(): Int32Array {
    const { T, B } = this.rollout;
    const { minibatches, chunk } = this.options;
    const stride = this.isRecurrent ? chunk : 1;
    const samples = (T / stride) * B;
    if (!Number.isInteger(samples / minibatches)) {
      throw new LightbulbError('invalid_input', `${samples} samples do not divide into ${minibatches} minibatches`, {
        where: '/learner/minibatches',
        wanted: `a divisor of ${samples} (rollout ${T} / ${stride} x copies ${B})`,
        got: String(minibatches),
      });
    }
    return Int32Array.from({ length: samples }, (_, i) => Math.floor(i / B) * stride * B + (i % B));
  }

  /** The updater; a second one, with weights, for rollouts in which some agents were dead at times. */
  private updaterFor(isSomeoneDead: boolean): PpoUpdater {
    const known = this.updaters.get(isSomeoneDead);
    if (known !== undefined) return known;
    const { parts, options, rollout, programs, learner, targets, how } = this;
    const { shape } = parts;
    const experience = {
      sources: sourcesOf(parts, isSomeoneDead),
      samples: this.permutation.length / options.minibatches,
      steps: this.isRecurrent ? options.chunk : 1,
      stride: rollout.B,
      agentRows: (name: string) => (name === 'actorMemory' ? shape.n : shape.criticRows),
      statistics: this.statistics?.inputs ?? {},
      unit: rollout.unit.name,
    };
    // The KL divergence of an epoch decides whether there is another one.
    const count = options.minibatches * (options.targetKl === null ? options.epochs : 1);
    const made =
      how.updates === 'scan'
        ? new ScanUpdater(programs, learner, targets, experience, count)
        : new StepUpdater(programs, learner, targets, experience, how.shards);
    this.updaters.set(isSomeoneDead, made);
    return made;
  }
}

function withPrefix(prefix: string, values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([path, value]) => [`${prefix}/${path}`, value]));
}
