import { type Json, LightbulbError, restoreStream, type Stream, type StreamState } from '../core/index.ts';
import {
  bindTogether,
  type Executor,
  float32,
  layoutOf,
  pack,
  type Run,
  type Value,
  type Values,
} from '../nn/index.ts';
import { type Critic, createCritic, createPolicy, type Policy } from './actor-critic.ts';
import { breathe } from './breathe.ts';
import { FinalValues } from './final-values.ts';
import type { GlobalState } from './global-state.ts';
import { LearnerState, takeFrom, viewsByPath } from './learner-state.ts';
import { outcomeOf, type RoundOutcome } from './level-rounds.ts';
import { ObservationStatistics } from './observation-statistics.ts';
import type { PpoOptions } from './options.ts';
import { standardise } from './ppo-minibatch.ts';
import { createPpoPrograms, METRICS, type PpoPrograms, type PpoShape, ppoOptimiser } from './ppo-programs.ts';
import { ScanUpdater } from './ppo-scan-updater.ts';
import { sourcesOf } from './ppo-sources.ts';
import { PpoTargets } from './ppo-targets.ts';
import { type PpoUpdater, StepUpdater } from './ppo-updater.ts';
import { generalisedAdvantages } from './returns.ts';
import { createArrays, memoryAt, rowsAt, type UnitArrays } from './unit-arrays.ts';
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
  private readonly critic: Critic;
  private readonly shape: PpoShape;
  private readonly learner: LearnerState;
  private readonly acting: Float32Array;
  private readonly criticParameters: Values;
  private readonly scale: ValueScale | null;
  private readonly arrays: UnitArrays;
  private readonly noise: Float32Array;
  private readonly acts: readonly (() => void)[];
  private readonly finals: FinalValues;
  private readonly permutation: Int32Array;
  private readonly targets: PpoTargets;
  private readonly updaters = new Map<boolean, PpoUpdater>();
  private estimateAll: (() => void) | null = null;
  private noiseStream: Stream;
  private orderStream: Stream;

  constructor(
    readonly rollout: UnitRollout,
    private readonly state: GlobalState,
    private readonly options: PpoOptions,
    executor: Executor,
    streams: UnitStreams,
    private readonly how: UpdateOptions,
  ) {
    const { unit, sizes, T, B } = rollout;
    const { N: n, D, A, M } = sizes;
    const isCentral = options.critic === 'central';
    const inputs = D + (options.agentIndex && n > 1 ? n : 0);
    // A row with an agent index appended is no picture any more.
    const seen = inputs === D ? unit.group.observation : null;
    this.policy = createPolicy(inputs, seen, unit.group.action, options.network);
    this.critic = isCentral
      ? createCritic(state.size, null, n, options.network)
      : createCritic(inputs, seen, 1, options.network);
    const initial = {
      actor: this.policy.initialise(streams.initial),
      critic: this.critic.initialise(streams.initial),
    };
    const layout = layoutOf(initial);
    const [actorLayout, criticLayout] = [layoutOf(initial.actor), layoutOf(initial.critic)];
    const isStateShared = !isCentral || state.isObservationOf(rollout);
    this.shape = { n, D, A, M, criticRows: isCentral ? 1 : n, actorLayout, criticLayout, isStateShared };
    this.programs = createPpoPrograms(this.policy, this.critic, this.shape, options, executor, unit.name);
    this.learner = new LearnerState(pack(initial), layout, ppoOptimiser(options, 0));
    this.acting = new Float32Array(layout.size);
    this.actor = withPrefix('actor', viewsByPath(actorLayout, this.acting.subarray(0, actorLayout.size)));
    this.criticParameters = withPrefix('critic', viewsByPath(criticLayout, this.acting.subarray(actorLayout.size)));
    this.publish();

    this.statistics = options.normaliseObservations ? new ObservationStatistics(D) : null;
    this.scale = options.valueNormalisation === 'none' ? null : new ValueScale();
    this.targets = new PpoTargets(this.scale, options);
    this.noiseStream = streams.noise;
    this.orderStream = streams.order;
    this.arrays = createArrays(T, B, n, this.policy.memorySize, this.critic.memorySize, this.shape.criticRows);
    this.noise = new Float32Array(T * B * n * this.policy.head.noiseSize);
    this.acts = Array.from({ length: T }, (_, t) => this.bindAct(t));
    this.finals = new FinalValues(rollout, state, isCentral, this.shape.criticRows);
    this.permutation = this.firstRows();
  }

  get isRecurrent(): boolean {
    return this.policy.memorySize > 0;
  }

  get parameterCount(): number {
    return this.learner.layout.size;
  }

  /** Draws the noise of a whole rollout and goes on with the memory where the last one ended. */
  begin(isFirst: boolean): void {
    if (this.policy.head.noise === 'gumbel') this.noiseStream.fillGumbel(this.noise);
    else this.noiseStream.fillNormal(this.noise);
    this.finals.clear();
    if (isFirst || !this.isRecurrent) return;
    for (const memory of [this.arrays.actorMemory, this.arrays.criticMemory]) {
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
    this.finals.observed(t);
  }

  /** Works out values and advantages of the rollout. */
  judge(): void {
    this.rollout.pullObservation(this.rollout.T);
    this.estimate();
  }

  /** What was judged, for who scores levels by it. done: [T, B * n], to be written. */
  outcome(done: Uint8Array): RoundOutcome {
    return outcomeOf(this.rollout, this.arrays, done);
  }

  /** Learns from the rollout that was judged. Returns the means of the metrics over all minibatches. */
  async learn(rate: number): Promise<Record<string, number>> {
    const { options, rollout, orderStream, permutation } = this;
    // Not before: who scores levels reads advantages in units of the return.
    if (options.normaliseAdvantages === 'rollout') standardise(this.arrays.advantage, rollout.alive);
    const isSomeoneDead = rollout.alive.subarray(0, rollout.T * rollout.B * this.shape.n).includes(0);
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
    const { T } = this.rollout;
    if (this.isRecurrent) {
      tensors['memory/actor'] = copied(memoryAt(this.arrays.actorMemory, T));
      tensors['memory/critic'] = copied(memoryAt(this.arrays.criticMemory, T));
    }
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
    const { T } = this.rollout;
    if (this.isRecurrent) {
      const { actorMemory, criticMemory } = this.arrays;
      for (const [name, memory] of [
        ['memory/actor', actorMemory],
        ['memory/critic', criticMemory],
      ] as const) {
        const last = memoryAt(memory, T);
        last.data.set(take(name, last.shape));
      }
    }
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

  private bindAct(t: number): () => void {
    const { rollout, shape, arrays, policy, state } = this;
    const { B } = rollout;
    const { n, D, A, M } = shape;
    const inputs: Record<string, Value> = {
      ...this.actor,
      observation: rowsAt(rollout.observation, t, B, n * D),
      noise: rowsAt(this.noise, t, B, n * policy.head.noiseSize),
      ...this.statistics?.inputs,
    };
    if (M > 0)
      inputs.mask = {
        dtype: 'bool',
        shape: [B, n * M],
        data: rollout.actionMask.subarray(t * B * n * M, (t + 1) * B * n * M),
      };
    const action = rollout.action.subarray(t * B * n * A, (t + 1) * B * n * A);
    const outputs: Record<string, Value> = { action: { dtype: policy.head.dtype, shape: [B, n * A], data: action } };
    if (this.isRecurrent) {
      Object.assign(inputs, this.criticParameters);
      if (!shape.isStateShared) inputs.state = rowsAt(state.rows, t, B, state.size);
      inputs.keep = float32([B], state.keep.subarray(t * B, (t + 1) * B));
      inputs.actorMemory = memoryAt(arrays.actorMemory, t);
      inputs.criticMemory = memoryAt(arrays.criticMemory, t);
      outputs.actorMemory = memoryAt(arrays.actorMemory, t + 1);
      outputs.criticMemory = memoryAt(arrays.criticMemory, t + 1);
      outputs.value = rowsAt(arrays.rawValue, t, B, n);
      outputs.logProbability = rowsAt(arrays.logProbability, t, B, n);
    }
    return this.programs.act.bind(inputs, outputs);
  }

  /** Log-probabilities, values, advantages and targets of the rollout. */
  private estimate(): void {
    const { rollout, arrays, shape, state, options, scale } = this;
    const { T, B } = rollout;
    const { n, D, A, M } = shape;
    const statistics = this.statistics?.inputs ?? {};
    const critic = { ...this.criticParameters, ...statistics };
    const seen = (from: number, to: number): Record<string, Value> =>
      shape.isStateShared
        ? {
            observation: float32(
              [(to - from) * B, n * D],
              rollout.observation.subarray(from * B * n * D, to * B * n * D),
            ),
          }
        : {
            state: float32(
              [(to - from) * B, state.size],
              state.rows.subarray(from * B * state.size, to * B * state.size),
            ),
          };
    if (this.isRecurrent) {
      // Values of rows 0 to T - 1 came with acting; the last row's remains.
      const memory = { keep: float32([B], state.keep.subarray(T * B)), criticMemory: memoryAt(arrays.criticMemory, T) };
      this.programs.value.run({ ...critic, ...seen(T, T + 1), ...memory }, { value: rowsAt(arrays.rawValue, T, B, n) });
    } else {
      const acted: Record<string, Value> = {
        ...this.actor,
        ...statistics,
        observation: float32([T * B, n * D], rollout.observation.subarray(0, T * B * n * D)),
        action: { dtype: this.policy.head.dtype, shape: [T * B, n * A], data: rollout.action },
      };
      if (M > 0)
        acted.mask = { dtype: 'bool', shape: [T * B, n * M], data: rollout.actionMask.subarray(0, T * B * n * M) };
      const runs = [
        {
          program: this.programs.value,
          inputs: { ...critic, ...seen(0, T + 1) },
          outputs: { value: float32([(T + 1) * B, n], arrays.rawValue) },
        },
        {
          program: this.programs.logProbability,
          inputs: acted,
          outputs: { logProbability: float32([T * B, n], arrays.logProbability) },
        },
      ];
      this.estimateAll ??= this.how.shards > 1 ? bindTogether(runs) : inTurn(runs);
      this.estimateAll();
    }
    const [mean, std] = scale === null ? [0, 1] : [scale.mean, scale.std];
    for (let i = 0; i < arrays.value.length; i++) arrays.value[i] = arrays.rawValue[i]! * std + mean;
    const memory = this.isRecurrent ? arrays.criticMemory : null;
    this.finals.estimate(this.programs.value, critic, memory, shape.isStateShared, (at, raw) => {
      arrays.finalValue[at] = raw * std + mean;
    });
    const { reward, terminated, truncated, alive } = rollout;
    const track = {
      T,
      K: B * n,
      reward,
      value: arrays.value,
      finalValue: arrays.finalValue,
      terminated,
      truncated,
      alive,
    };
    generalisedAdvantages(track, options.discount, options.gaeLambda, arrays.advantage, arrays.target);
  }

  /** The updater; a second one, with weights, for rollouts in which some agents were dead at times. */
  private updaterFor(isSomeoneDead: boolean): PpoUpdater {
    const known = this.updaters.get(isSomeoneDead);
    if (known !== undefined) return known;
    const { shape, options, rollout, programs, learner, targets, how } = this;
    const experience = {
      sources: sourcesOf(
        {
          rollout,
          state: this.state,
          arrays: this.arrays,
          shape,
          dtype: this.policy.head.dtype,
          memory: { actor: this.policy.memorySize, critic: this.critic.memorySize },
          options,
        },
        isSomeoneDead,
      ),
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

function inTurn(runs: readonly Run[]): () => void {
  const bound = runs.map(({ program, inputs, outputs }) => program.bind(inputs, outputs));
  return () => {
    for (const run of bound) run();
  };
}

function copied(value: Value): Value {
  return { ...value, data: value.data.slice() };
}
