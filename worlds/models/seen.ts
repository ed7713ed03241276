import { type Json, LightbulbError, restoreStream, type Stream, type StreamState, stream } from '../../core/index.ts';
import type { Executor, Program } from '../../nn/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from '../batched.ts';
import type { LevelSpace } from '../environment.ts';
import { requireOutput } from '../guards.ts';
import { createOutputs } from '../outputs.ts';
import { flatSize } from '../spaces/index.ts';
import { actionEncoder, modelScale } from './inputs.ts';
import { Look, lookProgram } from './look.ts';
import type { WorldModel } from './model.ts';
import { HeldParameters, type PresentParameters, requireActions, seeingGroup, soleGroup } from './model-world.ts';

/** What a world seen through a model is made from. */
export interface SeenOptions {
  readonly environment: BatchedEnvironment;
  readonly model: WorldModel;
  /** Asked for at each reset and restore, and at `refresh`. */
  readonly parameters: PresentParameters;
  readonly executor: Executor;
}

const NAME = 'seen';

interface Saved {
  readonly environment: Json;
  readonly streams: readonly StreamState[];
  readonly state: readonly number[];
}

/**
 * A real environment whose agent sees the features that a world model makes of what happens, in place of observations:
 * the spaces of the model's dream, so that one controller or learner runs in both. It owns the environment that it is
 * given. Copy b draws what the model needs from `stream(seed, 'seen/<b>')`.
 *
 * Errors: `unsupported` where there is more than one agent, `mismatch` where the model is another environment's.
 */
export class Seen implements BatchedEnvironment {
  readonly batchSize: number;
  readonly groups: readonly [Group];
  readonly stateSize = 0;
  readonly maximumSteps?: number;
  readonly levels?: LevelSpace;
  private readonly inner: BatchedEnvironment;
  private readonly parameters: HeldParameters;
  private readonly all: Look;
  private readonly one: Look;
  private readonly program: Program;
  private readonly encode: ReturnType<typeof actionEncoder>;
  private readonly scale: number;
  private readonly innerOut: GroupOutput[];
  private streams: Stream[] = [];
  /** [B, S]. */
  private readonly present: Float32Array;
  /** Of the arrays of `all`, what belongs to copies. */
  private readonly nextOfAll: Float32Array;
  private readonly seenOfAll: Float32Array;
  private readonly stateWidth: number;
  private readonly width: number;
  /** Copies whose episode ended in the last step. */
  private readonly ended: Int32Array;

  constructor({ environment, model, parameters, executor }: SeenOptions) {
    const group = soleGroup(environment, model);
    if (flatSize(group.observation) !== model.observationSize) {
      throw new LightbulbError('mismatch', 'the model was made for other observations', {
        where: '/environment',
        wanted: `${model.observationSize} numbers`,
        got: String(flatSize(group.observation)),
      });
    }
    this.inner = environment;
    this.batchSize = environment.batchSize;
    if (environment.maximumSteps !== undefined) this.maximumSteps = environment.maximumSteps;
    if (environment.levels !== undefined) this.levels = environment.levels;
    this.groups = [seeingGroup(group, model, 'features')];
    this.width = model.featureSize;
    this.stateWidth = model.stateSize;
    this.parameters = new HeldParameters(parameters);
    this.encode = actionEncoder(group.action);
    this.scale = modelScale(group.observation);
    this.innerOut = createOutputs(environment.groups, this.batchSize);
    this.ended = new Int32Array(this.batchSize);
    this.program = lookProgram(model, executor);
    this.all = new Look(this.program, model, this.parameters, this.batchSize);
    this.one = new Look(this.program, model, this.parameters, 1, 1);
    this.present = new Float32Array(this.batchSize * model.stateSize);
    const part = (data: Float32Array, width: number) => data.subarray(0, this.batchSize * width);
    this.nextOfAll = part(this.all.next, model.stateSize);
    this.seenOfAll = part(this.all.seen, model.featureSize);
  }

  /** Looks on with the model as it is now. */
  refresh(): void {
    this.parameters.refresh();
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    const out = this.output(output);
    this.inner.reset(seed, this.innerOut);
    this.streams = Array.from({ length: this.batchSize }, (_, b) => stream(seed, `${NAME}/${b}`));
    this.refresh();
    const { all } = this;
    const inner = this.innerOut[0]!;
    all.action.fill(0);
    all.reward.fill(0);
    all.terminal.fill(0);
    all.first.fill(1);
    this.scaled(inner.observation, 0, all.observation, 0, inner.observation.length);
    for (let b = 0; b < this.batchSize; b++) all.noise.draw(b, this.streams[b]!);
    all.state.fill(0);
    all.run();
    this.present.set(this.nextOfAll);
    out.observation.set(this.seenOfAll);
    out.reward.fill(0);
    out.terminated.fill(0);
    out.truncated.fill(0);
    out.alive.fill(1);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    const { batchSize: B, all, streams, ended, width } = this;
    const [group] = this.groups;
    if (streams.length === 0)
      throw new LightbulbError('contract', 'step came before reset', {
        where: NAME,
        cure: 'Call reset(seed, output) once, or restore a snapshot',
      });
    const given = requireActions(NAME, group, B, actions[0]);
    const out = this.output(output);
    this.inner.step(actions, this.innerOut);
    const inner = this.innerOut[0]!;
    const D = inner.observation.length / B;
    this.encode(given, all.action, B);
    let endings = 0;
    for (let b = 0; b < B; b++) {
      const isOver = inner.terminated[b] === 1 || inner.truncated[b] === 1;
      if (isOver) ended[endings++] = b;
      const from = isOver ? inner.finalObservation : inner.observation;
      this.scaled(from, b * D, all.observation, b * D, D);
      all.reward[b] = inner.reward[b]!;
      all.terminal[b] = inner.terminated[b]!;
      all.first[b] = 0;
      all.noise.draw(b, streams[b]!);
      out.reward[b] = inner.reward[b]!;
      out.terminated[b] = inner.terminated[b]!;
      out.truncated[b] = inner.truncated[b]!;
    }
    all.state.set(this.present);
    all.run();
    this.present.set(this.nextOfAll);
    out.observation.set(this.seenOfAll);
    for (let i = 0; i < endings; i++) {
      const b = ended[i]!;
      for (let f = b * width; f < (b + 1) * width; f++) out.finalObservation[f] = all.seen[f]!;
    }
    for (let i = 0; i < endings; i++) this.lookAnew(ended[i]!, inner.observation, out.observation);
    out.alive.fill(1);
  }

  /** Takes in the first observation of copy b's next episode. */
  private lookAnew(b: number, from: Float32Array, out: Float32Array): void {
    const { one, width, stateWidth } = this;
    const D = one.observation.length;
    this.scaled(from, b * D, one.observation, 0, D);
    one.noise.draw(0, this.streams[b]!);
    one.run();
    for (let f = 0; f < width; f++) out[b * width + f] = one.seen[f]!;
    for (let s = 0; s < stateWidth; s++) this.present[b * stateWidth + s] = one.next[s]!;
  }

  setLevel(copy: number, level: Json | undefined): void {
    if (this.inner.setLevel === undefined)
      throw new LightbulbError('unsupported', 'this environment has no levels', { where: NAME });
    this.inner.setLevel(copy, level);
  }

  /** The environment, and where the model is in it; not the model itself, which its owner saves. */
  snapshot(): Json {
    const saved: Saved = {
      environment: this.inner.snapshot(),
      streams: this.streams.map((each) => each.state()),
      state: Array.from(this.present),
    };
    return saved as unknown as Json;
  }

  restore(snapshot: Json): void {
    const saved = snapshot as unknown as Partial<Saved> | null;
    if (saved?.state?.length !== this.present.length || saved.streams?.length !== this.batchSize) {
      throw new LightbulbError('mismatch', 'this snapshot belongs to another environment', {
        where: NAME,
        wanted: `${this.batchSize} streams, ${this.present.length} numbers of states`,
        got: `${saved?.streams?.length}, ${saved?.state?.length}`,
      });
    }
    this.inner.restore(saved.environment!);
    this.streams = saved.streams.map(restoreStream);
    this.present.set(saved.state);
    this.refresh();
  }

  render(copy: number): string {
    return this.inner.render?.(copy) ?? '';
  }

  /** The model's present states, [B, S], by reference. */
  get states(): Float32Array {
    return this.present;
  }

  close(): void {
    this.program.dispose();
    this.inner.close?.();
  }

  private scaled(from: Float32Array, at: number, to: Float32Array, into: number, count: number): void {
    for (let i = 0; i < count; i++) to[into + i] = from[at + i]! * this.scale;
  }

  private output(output: readonly GroupOutput[]): GroupOutput {
    return requireOutput(NAME, this.groups, 0, this.batchSize, this.width, output);
  }
}
