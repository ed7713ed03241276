import { type Json, LightbulbError, restoreStream, type Stream, type StreamState } from '../core/index.ts';
import {
  type Executor,
  float32,
  int32,
  type Layout,
  layoutOf,
  leaves,
  pack,
  type Value,
  type Values,
  viewsOf,
} from '../nn/index.ts';
import { type Critic, createCritic, createPolicy, type Policy } from './actor-critic.ts';
import type { GlobalState } from './global-state.ts';
import { ObservationStatistics } from './observation-statistics.ts';
import type { PpoOptions } from './options.ts';
import { createPpoPrograms, METRICS, type PpoPrograms, type PpoShape, ppoOptimiser } from './ppo-programs.ts';
import { generalisedAdvantages } from './returns.ts';
import type { UnitRollout } from './unit-rollout.ts';
import { readScale } from './value-scale.ts';

/** Everything of a unit that learns: the networks' parameters and what the optimiser and the scales remember. */
type LearnerState = Readonly<Record<string, Value>>;

/**
 * One set of shared parameters and the experience it learns from: networks, compiled programs, and the arrays that
 * they are tied to. Parameters are one vector, actor first; two copies of the state take turns, so an update
 * allocates nothing.
 */
export class PpoUnit {
  readonly layout: Layout;
  private readonly policy: Policy;
  private readonly critic: Critic;
  private readonly shape: PpoShape;
  private readonly programs: PpoPrograms;
  private readonly states: readonly [LearnerState, LearnerState];
  private current: 0 | 1 = 0;
  /** What acting and values read: a copy that stays put while an update is under way. */
  private readonly acting: { readonly actor: Value; readonly critic: Value };
  private readonly statistics: ObservationStatistics | null;
  private noise: Stream;
  private order: Stream;
  private readonly noiseBuffer: Float32Array;
  private readonly acts: readonly (() => void)[];
  /** Updates by which copy of the state they read, and whether some agents were dead; bound when first needed. */
  private readonly updates = new Map<string, () => void>();
  private readonly arrays: ReturnType<typeof createArrays>;
  private readonly permutation: Int32Array;
  private readonly rows: Value;
  private readonly chunks: Value | null;
  private readonly learningRate = float32([]);
  private readonly metrics = float32([METRICS.length]);
  private finals: FinalRow[] = [];
  private finalRows: Float32Array = new Float32Array(0);

  constructor(
    readonly rollout: UnitRollout,
    private readonly state: GlobalState,
    private readonly options: PpoOptions,
    executor: Executor,
    streams: { readonly initial: Stream; readonly noise: Stream; readonly order: Stream },
  ) {
    const { unit, sizes, T, B } = rollout;
    const { N: n, D, A, M } = sizes;
    const isCentral = options.critic === 'central';
    const inputs = D + (options.agentIndex && n > 1 ? n : 0);
    const isStateShared = !isCentral || state.isObservationOf(rollout);
    // A row with an agent index appended is no picture any more.
    const seen = inputs === D ? unit.group.observation : null;
    this.policy = createPolicy(inputs, seen, unit.group.action, options.network);
    this.critic = isCentral
      ? createCritic(state.size, null, n, options.network)
      : createCritic(inputs, seen, 1, options.network);
    const initial = { actor: this.policy.initialise(streams.initial), critic: this.critic.initialise(streams.initial) };
    this.layout = layoutOf(initial);
    const actorLayout = layoutOf(initial.actor);
    const criticLayout = layoutOf(initial.critic);
    this.shape = { n, D, A, M, criticRows: isCentral ? 1 : n, actorLayout, criticLayout, isStateShared };
    this.programs = createPpoPrograms(this.policy, this.critic, this.shape, options, executor, unit.name);
    this.noise = streams.noise;
    this.order = streams.order;
    this.statistics = options.normaliseObservations ? new ObservationStatistics(D) : null;

    const packed = pack(initial);
    this.states = [initialState(packed, options), initialState(packed, options)];
    this.acting = { actor: float32([actorLayout.size]), critic: float32([criticLayout.size]) };
    this.publish();

    this.arrays = createArrays(rollout, this.policy.memorySize, this.critic.memorySize, this.shape.criticRows, n);
    this.noiseBuffer = new Float32Array(T * B * n * this.policy.head.noiseSize);
    this.acts = Array.from({ length: T }, (_, t) => this.bindAct(t));

    const samples = this.isRecurrent ? (T / options.chunk) * B : T * B;
    if (samples % options.minibatches !== 0) {
      throw new LightbulbError(
        'invalid_input',
        `${samples} ${this.isRecurrent ? 'chunks' : 'samples'} do not divide into ${options.minibatches} minibatches`,
        {
          where: '/learner/minibatches',
          wanted: `a divisor of ${samples}`,
          got: String(options.minibatches),
        },
      );
    }
    const perMinibatch = samples / options.minibatches;
    this.permutation = Int32Array.from({ length: samples }, (_, i) => i);
    this.rows = int32([perMinibatch * (this.isRecurrent ? options.chunk : 1)]);
    this.chunks = this.isRecurrent ? int32([perMinibatch]) : null;
  }

  get isRecurrent(): boolean {
    return this.policy.memorySize > 0;
  }

  get parameterCount(): number {
    return this.layout.size;
  }

  /** Fills the noise of a whole rollout and goes on with the memory where the last one ended. */
  begin(isFirst: boolean): void {
    if (!isFirst) this.carryMemory();
    if (this.policy.head.noise === 'uniform') this.noise.fillUniform(this.noiseBuffer);
    else this.noise.fillNormal(this.noiseBuffer);
    this.finals = [];
  }

  /** Chooses the actions of step `t`. */
  act(t: number): void {
    this.rollout.pullObservation(t);
    this.acts[t]!();
    this.rollout.pushAction(t);
  }

  /** Takes in what step `t` answered. */
  observed(t: number): void {
    const { rollout, shape, state } = this;
    rollout.pullOutcome(t);
    const { B } = rollout;
    const { n } = shape;
    const from = t * B * n;
    for (let b = 0; b < B; b++) {
      let isTruncated = false;
      for (let i = 0; i < n; i++) if (rollout.truncated[from + b * n + i] === 1) isTruncated = true;
      if (!isTruncated) continue;
      const width = this.criticWidth;
      const at = this.finals.length * width;
      if (this.finalRows.length < at + width) this.finalRows = grown(this.finalRows, at + width);
      if (this.options.critic === 'central') state.final(b, t, this.finalRows, at);
      else for (let i = 0; i < n; i++) rollout.finalObservation(b, i, this.finalRows, at + i * shape.D);
      this.finals.push({ t, b });
    }
  }

  /** Learns from the rollout. Returns the means of the metrics over all minibatches. */
  learn(rate: number): Record<string, number> {
    this.rollout.pullObservation(this.rollout.T);
    this.advantages();
    (this.learningRate.data as Float32Array)[0] = rate;
    const { options, rollout } = this;
    const isMasked = rollout.alive.subarray(0, rollout.T * rollout.B * this.shape.n).includes(0);
    const sums = new Float64Array(METRICS.length);
    let count = 0;
    for (let epoch = 0; epoch < options.epochs; epoch++) {
      this.order.shuffle(this.permutation);
      let kl = 0;
      for (let minibatch = 0; minibatch < options.minibatches; minibatch++) {
        this.select(minibatch);
        this.updateFrom(this.current, isMasked)();
        this.current = this.current === 0 ? 1 : 0;
        this.checkMetrics();
        for (let i = 0; i < METRICS.length; i++) sums[i]! += this.metrics.data[i]!;
        kl += this.metrics.data[APPROXIMATE_KL]! / options.minibatches;
        count++;
      }
      if (options.targetKl !== null && kl > options.targetKl) break;
    }
    this.publish();
    if (this.statistics !== null) this.statistics.update(this.rollout);
    return Object.fromEntries(METRICS.map((name, i) => [name, sums[i]! / count]));
  }

  /** The sum of everything that must come back for the same future: arrays by name, and plain data. */
  save(): { readonly tensors: Record<string, Value>; readonly state: Json } {
    const tensors: Record<string, Value> = {};
    const learner = this.states[this.current];
    const keep = (prefix: string, vector: Value): void => {
      const views = viewsOf(this.layout, (vector.data as Float32Array).slice());
      for (const [path, leaf] of leaves<Value>(views)) tensors[`${prefix}/${path}`] = leaf;
    };
    for (const [name, value] of Object.entries(learner)) {
      if (value.shape.length === 1 && value.shape[0] === this.layout.size) keep(name, value);
      else tensors[name] = { ...value, data: value.data.slice() };
    }
    const { actorMemory, criticMemory } = this.arrays;
    if (this.isRecurrent) {
      tensors['memory/actor'] = lastRow(actorMemory, this.rollout.T);
      tensors['memory/critic'] = lastRow(criticMemory, this.rollout.T);
    }
    for (const [name, value] of Object.entries(this.statistics?.save() ?? {})) tensors[name] = value;
    return {
      tensors,
      state: {
        noise: this.noise.state(),
        order: this.order.state(),
        permutation: Array.from(this.permutation),
      } as unknown as Json,
    };
  }

  /** Takes back what `save` gave. Error `mismatch` naming the first array that does not fit this network. */
  load(tensors: Readonly<Record<string, Value>>, state: Json, where: string): void {
    const learner = this.states[this.current];
    const take = (name: string, shape: readonly number[]): Float32Array => {
      const found = tensors[name];
      if (found === undefined || found.shape.join() !== shape.join()) {
        throw new LightbulbError('mismatch', 'the checkpoint belongs to another network', {
          where: `${where}/${name}`,
          wanted: `float32[${shape}]`,
          got: found === undefined ? 'nothing' : `${found.dtype}[${found.shape}]`,
          cure: 'Resume with the scenario that wrote it',
        });
      }
      return found.data as Float32Array;
    };
    for (const [name, value] of Object.entries(learner)) {
      const into = value.data as Float32Array;
      if (value.shape.length === 1 && value.shape[0] === this.layout.size) {
        for (const { path, shape, offset } of this.layout.slots) into.set(take(`${name}/${path}`, shape), offset);
      } else into.set(take(name, value.shape));
    }
    if (this.isRecurrent) {
      const { T } = this.rollout;
      for (const [name, memory] of [
        ['memory/actor', this.arrays.actorMemory],
        ['memory/critic', this.arrays.criticMemory],
      ] as const) {
        const row = lastRow(memory, T);
        memory.data.set(take(name, row.shape), T * row.data.length);
      }
    }
    if (this.statistics !== null) this.statistics.load(tensors);
    const saved = state as unknown as { noise: StreamState; order: StreamState; permutation: number[] };
    this.noise = restoreStream(saved.noise);
    this.order = restoreStream(saved.order);
    this.permutation.set(saved.permutation);
    this.publish();
  }

  dispose(): void {
    for (const program of Object.values(this.programs)) program.dispose();
  }

  /** The parameters that play, and how to: for evaluation in other copies. */
  player(): {
    readonly programs: PpoPrograms;
    readonly actor: Value;
    readonly policy: Policy;
    readonly statistics: Values;
  } {
    return {
      programs: this.programs,
      actor: this.acting.actor,
      policy: this.policy,
      statistics: this.statistics?.inputs ?? {},
    };
  }

  private get criticWidth(): number {
    return this.options.critic === 'central' ? this.state.size : this.shape.n * this.shape.D;
  }

  private publish(): void {
    const packed = this.states[this.current].parameters!.data as Float32Array;
    (this.acting.actor.data as Float32Array).set(packed.subarray(0, this.acting.actor.data.length));
    (this.acting.critic.data as Float32Array).set(packed.subarray(this.acting.actor.data.length));
  }

  /** [rows of samples, width] of an array of the rollout, rows `from` to `to` of time. */
  private bindAct(t: number): () => void {
    const { rollout, shape, arrays, policy, state } = this;
    const { B } = rollout;
    const { n, D, A, M } = shape;
    const rows = (array: Float32Array, time: number, width: number): Value =>
      float32([B, width], array.subarray(time * B * width, (time + 1) * B * width));
    const inputs: Record<string, Value> = {
      actor: this.acting.actor,
      observation: rows(rollout.observation, t, n * D),
      noise: rows(this.noiseBuffer, t, n * policy.head.noiseSize),
      ...this.statistics?.inputs,
    };
    if (M > 0)
      inputs.mask = {
        dtype: 'bool',
        shape: [B, n * M],
        data: rollout.actionMask.subarray(t * B * n * M, (t + 1) * B * n * M),
      };
    const action = rollout.action.subarray(t * B * n * A, (t + 1) * B * n * A);
    const outputs: Record<string, Value> = {
      action: { dtype: policy.head.dtype, shape: [B, n * A], data: action },
      logProbability: rows(arrays.logProbability, t, n),
    };
    if (this.isRecurrent) {
      inputs.critic = this.acting.critic;
      if (!shape.isStateShared) inputs.state = rows(state.rows, t, state.size);
      inputs.keep = float32([B], state.keep.subarray(t * B, (t + 1) * B));
      inputs.actorMemory = memoryAt(arrays.actorMemory, t);
      inputs.criticMemory = memoryAt(arrays.criticMemory, t);
      outputs.actorMemory = memoryAt(arrays.actorMemory, t + 1);
      outputs.criticMemory = memoryAt(arrays.criticMemory, t + 1);
      outputs.value = rows(arrays.rawValue, t, n);
    }
    return this.programs.act.bind(inputs, outputs);
  }

  private carryMemory(): void {
    if (!this.isRecurrent) return;
    for (const memory of [this.arrays.actorMemory, this.arrays.criticMemory]) {
      const size = memory.data.length / (this.rollout.T + 1);
      memory.data.copyWithin(0, this.rollout.T * size);
    }
  }

  private updateFrom(which: 0 | 1, isMasked: boolean): () => void {
    const key = `${which}${isMasked}`;
    const known = this.updates.get(key);
    if (known !== undefined) return known;
    const { rollout, shape, arrays, state } = this;
    const { T, B } = rollout;
    const { n, D, A, M } = shape;
    const inputs: Record<string, Value> = {
      ...this.states[which],
      rows: this.rows,
      learningRate: this.learningRate,
      observation: float32([(T + 1) * B, n * D], rollout.observation),
      action: { dtype: this.policy.head.dtype, shape: [T * B, n * A], data: rollout.action },
      logProbability: float32([T * B, n], arrays.logProbability),
      advantage: float32([T * B, n], arrays.advantage),
      target: float32([T * B, n], arrays.target),
      ...this.statistics?.inputs,
    };
    if (this.options.valueClip !== null) inputs.value = float32([(T + 1) * B, n], arrays.rawValue);
    if (!shape.isStateShared) inputs.state = float32([(T + 1) * B, state.size], state.rows);
    if (M > 0) inputs.mask = { dtype: 'bool', shape: [(T + 1) * B, n * M], data: rollout.actionMask };
    if (isMasked) inputs.alive = { dtype: 'bool', shape: [(T + 1) * B, n], data: rollout.alive };
    if (this.isRecurrent) {
      inputs.chunks = this.chunks!;
      inputs.keep = float32([(T + 1) * B], state.keep);
      const perCopy = (memory: Value): Value =>
        float32([(T + 1) * B, memory.data.length / ((T + 1) * B)], memory.data as Float32Array);
      inputs.actorMemory = perCopy(arrays.actorMemory);
      inputs.criticMemory = perCopy(arrays.criticMemory);
    }
    const outputs = { ...this.states[which === 0 ? 1 : 0], metrics: this.metrics };
    const bound = this.programs.update.bind(inputs, outputs);
    this.updates.set(key, bound);
    return bound;
  }

  /** Writes the rows of minibatch `i` of the present permutation. */
  private select(i: number): void {
    const { rows, chunks, permutation, options } = this;
    const { B } = this.rollout;
    const data = rows.data as Int32Array;
    if (chunks === null) {
      data.set(permutation.subarray(i * data.length, (i + 1) * data.length));
      return;
    }
    const starts = chunks.data as Int32Array;
    const S = starts.length;
    for (let s = 0; s < S; s++) {
      const chunk = permutation[i * S + s]!;
      starts[s] = Math.floor(chunk / B) * options.chunk * B + (chunk % B);
      for (let l = 0; l < options.chunk; l++) data[l * S + s] = starts[s]! + l * B;
    }
  }

  /** Values of all observations and final observations, then advantages and targets. */
  private advantages(): void {
    const { rollout, arrays, shape, options } = this;
    const { T, B } = rollout;
    const K = B * shape.n;
    this.estimateValues();
    const scaleState = this.states[this.current].valueScale;
    const scale = scaleState === undefined ? { mean: 0, std: 1 } : readScale(scaleState.data);
    for (let i = 0; i < arrays.value.length; i++) arrays.value[i] = arrays.rawValue[i]! * scale.std + scale.mean;
    for (const [row, { t, b }] of this.finals.entries()) {
      for (let i = 0; i < shape.n; i++)
        arrays.finalValue[t * K + b * shape.n + i] = arrays.finalRaw[row * shape.n + i]! * scale.std + scale.mean;
    }
    const { reward, terminated, truncated, alive } = rollout;
    const track = { T, K, reward, value: arrays.value, finalValue: arrays.finalValue, terminated, truncated, alive };
    generalisedAdvantages(track, options.discount, options.gaeLambda, arrays.advantage, arrays.target);
    if (options.normaliseAdvantages === 'rollout') standardiseAlive(arrays.advantage, alive);
  }

  private estimateValues(): void {
    const { rollout, arrays, shape, state } = this;
    const { T, B } = rollout;
    const width = this.criticWidth;
    const source = shape.isStateShared ? rollout.observation : state.rows;
    const whole = { critic: this.acting.critic, ...this.statistics?.inputs };
    const { value } = this.programs;
    if (this.isRecurrent) {
      const last = float32([B, width], source.subarray(T * B * width));
      const inputs = {
        ...whole,
        state: last,
        keep: float32([B], state.keep.subarray(T * B)),
        criticMemory: memoryAt(arrays.criticMemory, T),
      };
      value.run(inputs, { value: float32([B, shape.n], arrays.rawValue.subarray(T * B * shape.n)) });
    } else {
      value.run(
        { ...whole, state: float32([(T + 1) * B, width], source) },
        { value: float32([(T + 1) * B, shape.n], arrays.rawValue) },
      );
    }
    if (this.finals.length === 0) return;
    // Padded to a power of two: a handful of compiled variants for any number of endings.
    const rows = 2 ** Math.ceil(Math.log2(Math.max(16, this.finals.length)));
    this.finalRows = grown(this.finalRows, rows * width);
    if (arrays.finalRaw.length < rows * shape.n) arrays.finalRaw = new Float32Array(rows * shape.n);
    const inputs: Record<string, Value> = {
      ...whole,
      state: float32([rows, width], this.finalRows.subarray(0, rows * width)),
    };
    if (this.isRecurrent) {
      inputs.keep = float32([rows], new Float32Array(rows).fill(1));
      inputs.criticMemory = this.finalMemory(rows);
    }
    value.run(inputs, { value: float32([rows, shape.n], arrays.finalRaw.subarray(0, rows * shape.n)) });
  }

  /** The critic's memory after the step that each final observation followed. */
  private finalMemory(rows: number): Value {
    const { criticMemory } = this.arrays;
    const { B, T } = this.rollout;
    const perCopy = criticMemory.data.length / ((T + 1) * B);
    const data = new Float32Array(rows * perCopy);
    for (const [row, { t, b }] of this.finals.entries()) {
      const from = ((t + 1) * B + b) * perCopy;
      data.set((criticMemory.data as Float32Array).subarray(from, from + perCopy), row * perCopy);
    }
    return float32([rows * this.shape.criticRows, perCopy / this.shape.criticRows], data);
  }

  private checkMetrics(): void {
    const bad = this.metrics.data.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return;
    throw new LightbulbError('not_finite', `${METRICS[bad]} of ${this.rollout.unit.name} is no finite number`, {
      got: String(this.metrics.data[bad]),
      cure: 'Lower learningRate or maximumGradientNorm, or normalise observations and values; the last checkpoint is from before it',
    });
  }
}

interface FinalRow {
  readonly t: number;
  readonly b: number;
}

const APPROXIMATE_KL = METRICS.indexOf('approximateKl');

function initialState(packed: Value, options: PpoOptions): LearnerState {
  const parameters = { ...packed, data: packed.data.slice() };
  const state: Record<string, Value> = { parameters };
  for (const [path, leaf] of leaves<Value>(ppoOptimiser(options, 0).init(parameters)))
    state[`optimiser/${path}`] = leaf;
  if (options.valueNormalisation !== 'none') state.valueScale = float32([3]);
  return state;
}

function createArrays({ T, B }: UnitRollout, actorMemory: number, criticMemory: number, criticRows: number, n: number) {
  const K = B * n;
  return {
    logProbability: new Float32Array(T * K),
    /** In the network's units. */
    rawValue: new Float32Array((T + 1) * K),
    value: new Float32Array((T + 1) * K),
    finalValue: new Float32Array(T * K),
    finalRaw: new Float32Array(0) as Float32Array,
    advantage: new Float32Array(T * K),
    target: new Float32Array(T * K),
    actorMemory: float32([T + 1, K, actorMemory]),
    criticMemory: float32([T + 1, B * criticRows, criticMemory]),
  };
}

function memoryAt({ shape, data }: Value, t: number): Value {
  const [, rows, size] = shape as [number, number, number];
  return float32([rows, size], (data as Float32Array).subarray(t * rows * size, (t + 1) * rows * size));
}

function lastRow(memory: Value, T: number): Value {
  const view = memoryAt(memory, T);
  return { ...view, data: view.data.slice() };
}

function grown(array: Float32Array, length: number): Float32Array {
  if (array.length >= length) return array;
  const larger = new Float32Array(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}

/** (x - mean) / (std + 1e-8) over the entries of living agents. */
function standardiseAlive(x: Float32Array, alive: Uint8Array): void {
  let [count, sum, squares] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (alive[i] === 0) continue;
    count++;
    sum += x[i]!;
    squares += x[i]! * x[i]!;
  }
  const mean = sum / Math.max(1, count);
  const scale = 1 / (Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean)) + 1e-8);
  for (let i = 0; i < x.length; i++) if (alive[i] === 1) x[i] = (x[i]! - mean) * scale;
}
