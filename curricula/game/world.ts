import {
  breathe,
  createModel,
  disagreementReward,
  type Intrinsic,
  IntrinsicLearner,
  ModelLearner,
  type SequenceBatch,
  SequenceReplay,
  type SequenceReplayState,
  sequenceBatch,
  takeFrom,
} from '../../agents/index.ts';
import { type Json, restoreStream, type Stream, type StreamState } from '../../core/index.ts';
import type { Executor, Program, Value } from '../../nn/index.ts';
import type { Group } from '../../worlds/index.ts';
import { actionWidth, lookProgram, type WorldModel } from '../../worlds/models/index.ts';
import { Drift } from './drift.ts';
import { HeldWorld } from './held.ts';
import { Imagination } from './imagination.ts';
import type { GameOptions } from './options.ts';
import type { Starts } from './starts.ts';
import type { Watching } from './watching-player.ts';

export interface WorldSpec {
  /** Of the real environment. */
  readonly group: Group;
  readonly copies: number;
  readonly options: GameOptions;
  readonly needsError: boolean;
  readonly executor: Executor;
  readonly named: (name: string) => Stream;
}

/** Gradient steps between two turns for the rest of the process. */
const STEPS_OF_A_BREATH = 4;

type StreamName = 'drawing' | 'noise' | 'drift' | 'starts';

interface Saved {
  readonly due: number;
  readonly replay: SequenceReplayState;
  readonly streams: Readonly<Record<StreamName, StreamState>>;
}

/** The model of the world, and all that it learns from and by. */
export class World {
  readonly model: WorldModel;
  readonly replay: SequenceReplay;
  readonly imagination: Imagination;
  /** The model as dreams see it. */
  readonly held: HeldWorld;
  private readonly intrinsic: Intrinsic | undefined;
  private readonly batch: SequenceBatch;
  private readonly learner: ModelLearner;
  private readonly ensemble: IntrinsicLearner | undefined;
  private readonly drift: Drift;
  private readonly streams: Record<StreamName, Stream>;
  private readonly options: GameOptions;
  private readonly executor: Executor;
  private looking: Program | undefined;
  /** Gradient steps owed for what came in; below 1 between turns. */
  private due = 0;

  constructor({ group, copies, options, needsError, executor, named }: WorldSpec) {
    this.options = options;
    this.executor = executor;
    this.model = createModel(group.observation, actionWidth(group.action), options.model);
    const { model } = this;
    this.replay = new SequenceReplay({
      copies,
      capacity: Math.floor(options.replay / copies),
      observation: model.observationSize,
      action: model.actionSize,
      state: options.storedStates ? model.stateSize : 0,
      tasks: 0,
    });
    this.batch = sequenceBatch(this.replay.shape, options.length, options.batch, model.stateSize);
    this.learner = new ModelLearner(model, this.batch, options, executor, named('model'));
    if (needsError) {
      this.intrinsic = disagreementReward(model, options.ensemble!);
      this.ensemble = new IntrinsicLearner(
        this.intrinsic,
        this.batch,
        this.learner.states,
        model,
        options,
        options.ensemble!,
        executor,
        named('ensemble'),
      );
    }
    this.held = new HeldWorld(() => ({ ...this.learner.views(), ...this.ensemble?.views() }));
    this.imagination = new Imagination({ model, intrinsic: this.intrinsic, executor });
    this.drift = new Drift(model, this.replay, this.held.values, executor, Math.max(2, options.protagonist.rollout));
    this.streams = {
      drawing: named('drawing'),
      noise: named('noise'),
      drift: named('drift'),
      starts: named('starts'),
    };
  }

  get parameterCount(): number {
    return this.learner.state.layout.size + (this.ensemble?.state.layout.size ?? 0);
  }

  /** The model's parameters as they are now. */
  tree(): ReturnType<ModelLearner['tree']> {
    return this.learner.tree();
  }

  /** What somebody needs who looks at a world through the model. */
  watching(): Omit<Watching, 'group' | 'noise'> {
    this.looking ??= lookProgram(this.model, this.executor);
    return { model: this.model, program: this.looking, parameters: () => this.tree() };
  }

  /** How well the newest rows were foreseen; to be asked before learning from them. */
  foresight(): Record<string, number> {
    return this.drift.measure(this.streams.drift);
  }

  /**
   * Learns from the replay for `steps` new real steps, and puts what it infers on the way among the starts. Answers means of
   * the losses; nothing where there is too little to learn from.
   */
  async learn(steps: number, starts: Starts | undefined): Promise<Record<string, number>> {
    const { options, replay, learner, ensemble, batch, streams } = this;
    if (!replay.holds(options.length)) return {};
    this.due += (steps * options.ratio) / (options.batch * options.length);
    const planned = Math.floor(this.due);
    const sums = new Map<string, number>();
    for (let step = 1; step <= planned; step++) {
      replay.sample(streams.drawing, batch, options.storedStates);
      learner.step(streams.noise, sums);
      if (options.storedStates) replay.writeBack(batch.places, learner.states.data as Float32Array);
      ensemble?.step(sums);
      if (starts !== undefined) this.offer(starts, Math.ceil(starts.capacity / planned));
      if (step % STEPS_OF_A_BREATH === 0) await breathe();
    }
    this.due -= planned;
    this.held.take();
    return Object.fromEntries([...sums].map(([name, sum]) => [name, sum / planned]));
  }

  save(): { readonly tensors: Record<string, Value>; readonly state: Json } {
    const tensors: Record<string, Value> = {};
    for (const [name, value] of Object.entries(this.learner.state.save())) tensors[`model/${name}`] = value;
    for (const [name, value] of Object.entries(this.ensemble?.state.save() ?? {})) tensors[`ensemble/${name}`] = value;
    for (const [name, value] of Object.entries(this.replay.save())) tensors[`replay/${name}`] = value;
    const { drawing, noise, drift, starts } = this.streams;
    const saved: Saved = {
      due: this.due,
      replay: this.replay.position(),
      streams: { drawing: drawing.state(), noise: noise.state(), drift: drift.state(), starts: starts.state() },
    };
    return { tensors, state: saved as unknown as Json };
  }

  load(tensors: Readonly<Record<string, Value>>, state: Json): void {
    const saved = state as unknown as Saved;
    const take = takeFrom(tensors, 'game');
    this.learner.state.load((name, shape) => take(`model/${name}`, shape));
    this.ensemble?.state.load((name, shape) => take(`ensemble/${name}`, shape));
    this.replay.load((name, shape) => take(`replay/${name}`, shape), saved.replay);
    this.due = saved.due;
    for (const name of Object.keys(this.streams) as StreamName[])
      this.streams[name] = restoreStream(saved.streams[name]);
    this.held.take();
  }

  dispose(): void {
    this.learner.dispose();
    this.ensemble?.dispose();
    this.imagination.dispose();
    this.drift.dispose();
    this.looking?.dispose();
  }

  /** Puts `count` of the rows of the batch among the starts, drawn uniformly; from the end of an episode nothing follows. */
  private offer(starts: Starts, count: number): void {
    const { batch, learner, replay, streams } = this;
    const rows = batch.places.length;
    for (let i = 0; i < Math.min(count, rows); i++) {
      const row = streams.starts.integer(rows);
      if (batch.terminal.data[row] === 1) continue;
      const level = replay.level(batch.places[row]!);
      if (level !== undefined) starts.push(learner.states.data as Float32Array, row, level);
    }
  }
}
