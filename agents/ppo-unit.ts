import { type Json, LightbulbError, restoreStream, type Stream, type StreamState } from '../core/index.ts';
import { type Executor, float32, layoutOf, pack, type Value, type Values } from '../nn/index.ts';
import { type Critic, createCritic, createPolicy, type Policy } from './actor-critic.ts';
import { FinalValues } from './final-values.ts';
import type { GlobalState } from './global-state.ts';
import { LearnerState, takeFrom, viewsByPath } from './learner-state.ts';
import { ObservationStatistics } from './observation-statistics.ts';
import type { PpoOptions } from './options.ts';
import { Minibatch, moments, type Source, standardise } from './ppo-minibatch.ts';
import { createPpoPrograms, METRICS, type PpoPrograms, type PpoShape } from './ppo-programs.ts';
import { generalisedAdvantages } from './returns.ts';
import type { UnitRollout } from './unit-rollout.ts';
import { preserveOutputs, ValueScale, type ValueScaleState } from './value-scale.ts';

export interface UnitStreams {
  readonly initial: Stream;
  readonly noise: Stream;
  readonly order: Stream;
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
  private readonly minibatches = new Map<
    boolean,
    { readonly batch: Minibatch; readonly bound: Map<number, () => void> }
  >();
  private readonly learningRate = float32([]);
  private readonly share = float32([]);
  private readonly metrics = float32([METRICS.length]);
  private readonly norm = float32([]);
  private noiseStream: Stream;
  private orderStream: Stream;

  constructor(
    readonly rollout: UnitRollout,
    private readonly state: GlobalState,
    private readonly options: PpoOptions,
    executor: Executor,
    streams: UnitStreams,
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
    this.learner = new LearnerState(pack(initial), layout, options);
    this.acting = new Float32Array(layout.size);
    this.actor = withPrefix('actor', viewsByPath(actorLayout, this.acting.subarray(0, actorLayout.size)));
    this.criticParameters = withPrefix('critic', viewsByPath(criticLayout, this.acting.subarray(actorLayout.size)));
    this.publish();

    this.statistics = options.normaliseObservations ? new ObservationStatistics(D) : null;
    this.scale = options.valueNormalisation === 'none' ? null : new ValueScale();
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

  /** Learns from the rollout. Returns the means of the metrics over all minibatches. */
  learn(rate: number): Record<string, number> {
    const { options, rollout, learner, orderStream, permutation } = this;
    rollout.pullObservation(rollout.T);
    this.estimate();
    (this.learningRate.data as Float32Array)[0] = rate;
    const isMasked = rollout.alive.subarray(0, rollout.T * rollout.B * this.shape.n).includes(0);
    const { batch, bound } = this.minibatch(isMasked);
    const sums = new Float64Array(METRICS.length + 1);
    let count = 0;
    for (let epoch = 0; epoch < options.epochs; epoch++) {
      orderStream.shuffle(permutation);
      let kl = 0;
      for (let i = 0; i < options.minibatches; i++) {
        batch.gather(permutation.subarray(i * batch.samples, (i + 1) * batch.samples));
        this.prepare(batch);
        const turn = learner.turn;
        if (!bound.has(turn)) bound.set(turn, this.bindUpdate(batch));
        bound.get(turn)!();
        learner.swap();
        this.checkMetrics();
        for (let m = 0; m < METRICS.length; m++) sums[m]! += this.metrics.data[m]!;
        sums[METRICS.length]! += this.norm.data[0]!;
        kl += this.metrics.data[APPROXIMATE_KL]! / options.minibatches;
        count++;
      }
      if (options.targetKl !== null && kl > options.targetKl) break;
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
      this.programs.value.run({ ...critic, ...seen(0, T + 1) }, { value: float32([(T + 1) * B, n], arrays.rawValue) });
      const acted: Record<string, Value> = {
        ...this.actor,
        ...statistics,
        observation: float32([T * B, n * D], rollout.observation.subarray(0, T * B * n * D)),
        action: { dtype: this.policy.head.dtype, shape: [T * B, n * A], data: rollout.action },
      };
      if (M > 0)
        acted.mask = { dtype: 'bool', shape: [T * B, n * M], data: rollout.actionMask.subarray(0, T * B * n * M) };
      this.programs.logProbability.run(acted, { logProbability: float32([T * B, n], arrays.logProbability) });
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
    if (options.normaliseAdvantages === 'rollout') standardise(arrays.advantage, alive);
  }

  /** What changes from minibatch to minibatch besides the rows: standardised advantages, scaled targets, the share. */
  private prepare(batch: Minibatch): void {
    const weight = (batch.array('alive') as Uint8Array | undefined) ?? null;
    const advantage = batch.array('advantage') as Float32Array;
    const target = batch.array('target') as Float32Array;
    if (this.options.normaliseAdvantages === 'minibatch') standardise(advantage, weight);
    const { mean, square, count } = moments(target, weight);
    (this.share.data as Float32Array)[0] = 1 / Math.max(1, count);
    const floats = batch.array('weight') as Float32Array | undefined;
    if (weight !== null && floats !== undefined) for (let i = 0; i < weight.length; i++) floats[i] = weight[i]!;
    const { scale } = this;
    if (scale === null) return;
    const before = { mean: scale.mean, std: scale.std };
    scale.update(mean, square);
    if (this.options.valueNormalisation === 'popArt') {
      const parameters = this.learner.parameters();
      const [weights, bias] = [parameters['critic/head/weight']!, parameters['critic/head/bias']!];
      preserveOutputs(weights.data as Float32Array, bias.data as Float32Array, before, scale);
    }
    for (let i = 0; i < target.length; i++) target[i] = (target[i]! - scale.mean) / scale.std;
  }

  private minibatch(isMasked: boolean): { readonly batch: Minibatch; readonly bound: Map<number, () => void> } {
    const known = this.minibatches.get(isMasked);
    if (known !== undefined) return known;
    const { rollout, shape, arrays, state, options } = this;
    const { n, D, A, M } = shape;
    const sources: Source[] = [];
    const add = (
      name: string,
      data: Source['data'],
      width: number,
      dtype: Value['dtype'] = 'float32',
      rows: Source['rows'] = 'steps',
    ): void => {
      sources.push({ name, data, width, dtype, rows });
    };
    add('observation', rollout.observation, n * D);
    add('action', rollout.action, n * A, this.policy.head.dtype);
    add('logProbability', arrays.logProbability, n);
    add('advantage', arrays.advantage, n);
    add('target', arrays.target, n);
    if (options.valueClip !== null) add('value', arrays.rawValue, n);
    if (!shape.isStateShared) add('state', state.rows, state.size);
    if (M > 0) add('mask', rollout.actionMask, n * M, 'bool');
    if (isMasked) {
      add('alive', rollout.alive, n, 'bool');
      add('weight', new Float32Array((rollout.T + 1) * rollout.B * n), n);
    }
    if (this.isRecurrent) {
      add('keep', state.keep, 1);
      add('actorMemory', arrays.actorMemory.data as Float32Array, n * this.policy.memorySize, 'float32', 'start');
      add(
        'criticMemory',
        arrays.criticMemory.data as Float32Array,
        shape.criticRows * this.critic.memorySize,
        'float32',
        'start',
      );
    }
    const steps = this.isRecurrent ? options.chunk : 1;
    const batch = new Minibatch(sources, this.permutation.length / options.minibatches, 1, steps, rollout.B);
    const made = { batch, bound: new Map<number, () => void>() };
    this.minibatches.set(isMasked, made);
    return made;
  }

  private bindUpdate(batch: Minibatch): () => void {
    const { learner, shape } = this;
    const { alive: _, ...staged } = batch.inputs(0, (name) => (name === 'actorMemory' ? shape.n : shape.criticRows));
    const inputs = {
      ...learner.current,
      ...staged,
      learningRate: this.learningRate,
      share: this.share,
      ...this.statistics?.inputs,
    };
    return this.programs.update.bind(inputs, { ...learner.next, metrics: this.metrics, norm: this.norm });
  }

  private checkMetrics(): void {
    const bad = this.metrics.data.findIndex((value) => !Number.isFinite(value));
    if (bad < 0 && Number.isFinite(this.norm.data[0])) return;
    const name = bad < 0 ? 'gradientNorm' : METRICS[bad]!;
    throw new LightbulbError('not_finite', `${name} of ${this.rollout.unit.name} is no finite number`, {
      got: String(bad < 0 ? this.norm.data[0] : this.metrics.data[bad]),
      cure: 'Lower learningRate or maximumGradientNorm, or normalise observations and values; the last checkpoint is from before it',
    });
  }
}

const APPROXIMATE_KL = METRICS.indexOf('approximateKl');

type UnitArrays = ReturnType<typeof createArrays>;

function createArrays(T: number, B: number, n: number, actorMemory: number, criticMemory: number, criticRows: number) {
  const K = B * n;
  return {
    logProbability: new Float32Array(T * K),
    /** In the network's units, [T + 1, K]; `value` in those of the rewards. */
    rawValue: new Float32Array((T + 1) * K),
    value: new Float32Array((T + 1) * K),
    finalValue: new Float32Array(T * K),
    advantage: new Float32Array(T * K),
    target: new Float32Array(T * K),
    actorMemory: float32([T + 1, K, actorMemory]),
    criticMemory: float32([T + 1, B * criticRows, criticMemory]),
  };
}

function withPrefix(prefix: string, values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([path, value]) => [`${prefix}/${path}`, value]));
}

function rowsAt(array: Float32Array, t: number, B: number, width: number): Value {
  return float32([B, width], array.subarray(t * B * width, (t + 1) * B * width));
}

function memoryAt({ shape, data }: Value, t: number): Value {
  const [, rows, size] = shape as [number, number, number];
  return float32([rows, size], (data as Float32Array).subarray(t * rows * size, (t + 1) * rows * size));
}

function copied(value: Value): Value {
  return { ...value, data: value.data.slice() };
}
