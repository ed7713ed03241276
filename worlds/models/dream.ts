import { type Json, LightbulbError } from '../../core/index.ts';
import { compile, type Executor, float32, type Program, restored, type Tree, tf, type Value } from '../../nn/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from '../batched.ts';
import { Copies } from '../copies.ts';
import type { LevelSpace } from '../environment.ts';
import { requireCount, requireOutput } from '../guards.ts';
import { levelNumber, levelObject } from '../levels.ts';
import { flatSize } from '../spaces/index.ts';
import { actionEncoder } from './inputs.ts';
import type { Noise, WorldModel } from './model.ts';
import {
  HeldParameters,
  type PresentParameters,
  requireActions,
  type Sees,
  seeingGroup,
  soleGroup,
} from './model-world.ts';
import { RowBlocks } from './row-blocks.ts';
import { RowNoise } from './row-noise.ts';
import { type Show, shownAs } from './shown.ts';

/** What a dream is made from. */
export interface DreamOptions {
  readonly model: WorldModel;
  /** Asked for at each reset and restore, and at `refresh`: between these, a dream keeps to the model that it began with. */
  readonly parameters: PresentParameters;
  readonly executor: Executor;
  /** What is dreamt of: its group says who acts, what may be done, and what observations are. One agent. */
  readonly real: Pick<BatchedEnvironment, 'groups'>;
  /** [K, S]: states in which dreams begin. Changing them takes effect like changing the parameters. */
  readonly starts: Value;
  readonly copies: number;
  /** A dream is truncated after this many steps. */
  readonly horizon: number;
  /** Heat of what is drawn, above 0; see `WorldModel.imagine`. Default 1. */
  readonly temperature?: number;
  /**
   * When a dream ends: `threshold` where an ending is more probable than not, which Ha and Schmidhuber found the more
   * stable; `drawn`: with the probability that the model gives to it. Default `threshold`.
   */
  readonly ending?: 'threshold' | 'drawn';
  /** Default `features`. */
  readonly sees?: Sees;
}

/** What a level of a dream says. */
interface DreamLevel {
  /** Row of `starts`; undefined leaves it to the seed. */
  readonly start: number | undefined;
}

const NAME = 'dream';
/** More starts than these are not listed as a grid, but drawn from. */
const MOST_LISTED = 4096;

/**
 * A world model as an environment: whatever learns, is evaluated or recorded in the real one can be so in its dream. Each
 * step is a run of one program for each block of copies. Copy b draws its start and all its noise from its own stream, so
 * what it dreams depends neither on the other copies nor on how many there are. Level: `{ start? }`, a row of `starts`.
 *
 * Errors: `unsupported` where there is more than one agent; `invalid_input` for options out of range.
 */
export class Dream implements BatchedEnvironment {
  readonly batchSize: number;
  readonly maximumSteps: number;
  readonly groups: readonly [Group];
  readonly stateSize = 0;
  readonly levels: LevelSpace;
  private readonly copies: Copies<DreamLevel>;
  private readonly parameters: HeldParameters;
  private readonly noise: RowNoise;
  private readonly encode: ReturnType<typeof actionEncoder>;
  private readonly width: number;
  private readonly stateWidth: number;
  /** [B, S]: where each copy is, and where the program says it goes. */
  private readonly present: Float32Array;
  private readonly next: Float32Array;
  private readonly action: Float32Array;
  private readonly reward: Float32Array;
  private readonly terminalLogit: Float32Array;
  /** [B, D] after a step; [K, D] of the starts. */
  private readonly seen: Float32Array;
  private readonly seenAtStart: Float32Array;
  private readonly steps: Int32Array;
  private readonly imagine: Program;
  private readonly look: Program;
  private readonly runs: readonly (() => void)[];
  private readonly lookAtStarts: () => void;
  private readonly toSpace: Show;

  constructor(private readonly options: DreamOptions) {
    const { model, executor, starts, temperature = 1, sees = 'features', real } = options;
    const group = soleGroup(real, model);
    const [K = 0, S] = starts.shape;
    if (S !== model.stateSize || K < 1)
      throw wrong('starts are no states of this model', `[K, ${model.stateSize}], K at least 1`, `[${starts.shape}]`);
    if (!(temperature > 0)) throw wrong('a dream has no such temperature', 'a number above 0', String(temperature));
    const B = requireCount(NAME, 'copies', options.copies);
    this.batchSize = B;
    this.maximumSteps = requireCount(NAME, 'horizon', options.horizon);
    this.groups = [seeingGroup(group, model, sees)];
    this.width = flatSize(this.groups[0].observation);
    this.stateWidth = model.stateSize;
    this.encode = actionEncoder(group.action);
    this.levels = startLevels(K);
    this.steps = new Int32Array(B);
    this.copies = new Copies(NAME, B, { steps: this.steps }, (level) => readLevel(level, K));
    this.parameters = new HeldParameters(options.parameters);
    this.noise = new RowNoise(model.imagineNoise, B);
    this.toSpace = shownAs(sees, group, this.width, NAME);

    const look = (parameters: Tree<tf.Tensor>, state: tf.Tensor): tf.Tensor =>
      sees === 'features' ? tf.clone(model.features(state)) : model.decode(parameters, state);
    this.imagine = compile(
      (inputs) => {
        const parameters = restored('parameters/', inputs) as Tree<tf.Tensor>;
        const noise = restored('noise/', inputs) as unknown as Noise;
        const { state, reward, terminalLogit } = model.imagine(
          parameters,
          inputs.state!,
          inputs.action!,
          noise,
          inputs.temperature!,
        );
        return { state, reward, terminalLogit, seen: look(parameters, state) };
      },
      { name: 'dream/imagine', executor },
    );
    this.look = compile(
      (inputs) => ({ seen: look(restored('parameters/', inputs) as Tree<tf.Tensor>, inputs.state!) }),
      { name: 'dream/look', executor },
    );
    const rows = (width: number | null): RowBlocks => new RowBlocks(B, width);
    const [state, next, action] = [rows(model.stateSize), rows(model.stateSize), rows(model.actionSize)];
    const [reward, terminalLogit, seen] = [rows(null), rows(null), rows(this.width)];
    const { values } = this.parameters;
    const heat = float32([], [temperature]);
    this.runs = Array.from({ length: state.count }, (_, i) =>
      this.imagine.bind(
        { ...values, ...this.noise.block(i), state: state.block(i), action: action.block(i), temperature: heat },
        { state: next.block(i), reward: reward.block(i), terminalLogit: terminalLogit.block(i), seen: seen.block(i) },
      ),
    );
    const seenAtStart = float32([K, this.width]);
    this.lookAtStarts = this.look.bind({ ...values, state: starts }, { seen: seenAtStart });
    [this.present, this.next, this.action] = [state.data, next.data, action.data];
    [this.reward, this.terminalLogit, this.seen] = [reward.data, terminalLogit.data, seen.data];
    this.seenAtStart = seenAtStart.data as Float32Array;
  }

  /** Dreams on with the model as it is now. Copies stay where they are. */
  refresh(): void {
    this.parameters.refresh();
    this.lookAtStarts();
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    const out = this.output(output);
    this.refresh();
    this.copies.start(seed);
    for (let b = 0; b < this.batchSize; b++) this.begin(b, out);
    out.reward.fill(0);
    out.terminated.fill(0);
    out.truncated.fill(0);
    out.alive.fill(1);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const [group] = this.groups;
    const { batchSize: B, copies, width, steps, present, next, reward, terminalLogit, seen, toSpace } = this;
    const given = requireActions(NAME, group, B, actions[0]);
    const out = this.output(output);
    this.encode(given, this.action, B);
    for (let b = 0; b < B; b++) this.noise.draw(b, copies.stream(b));
    for (const run of this.runs) run();
    const isDrawn = this.options.ending === 'drawn';
    const S = this.stateWidth;
    for (let b = 0; b < B; b++) {
      // sigmoid(x) > u exactly where x > log(u / (1 - u)).
      const u = isDrawn ? copies.stream(b).uniform() : 0.5;
      const isOver = terminalLogit[b]! > Math.log(u / (1 - u));
      const step = steps[b]! + 1;
      const isLate = !isOver && step >= this.maximumSteps;
      out.reward[b] = reward[b]!;
      out.terminated[b] = isOver ? 1 : 0;
      out.truncated[b] = isLate ? 1 : 0;
      if (isOver || isLate) {
        toSpace(seen, b * width, out.finalObservation, b * width);
        this.begin(b, out);
      } else {
        steps[b] = step;
        for (let i = b * S; i < (b + 1) * S; i++) present[i] = next[i]!;
        toSpace(seen, b * width, out.observation, b * width);
      }
    }
    out.alive.fill(1);
  }

  setLevel(copy: number, level: Json | undefined): void {
    this.copies.setLevel(copy, level);
  }

  /** Where every copy is in its dream; not the model, which its owner saves. */
  snapshot(): Json {
    return { copies: this.copies.snapshot(), state: Array.from(this.states) };
  }

  restore(snapshot: Json): void {
    const saved = snapshot as { readonly copies?: Json; readonly state?: readonly number[] } | null;
    const { state } = saved ?? {};
    if (state?.length !== this.states.length || saved?.copies === undefined) {
      throw new LightbulbError('mismatch', 'this snapshot belongs to another dream', {
        where: NAME,
        wanted: `${this.states.length} numbers of states`,
        got: String(state?.length),
      });
    }
    if (!state.every((each) => Number.isFinite(each)))
      throw new LightbulbError('corrupt', 'the snapshot is damaged: a state is not a number', { where: NAME });
    this.copies.restore(saved.copies);
    this.present.set(state);
    this.refresh();
  }

  /** The present states, [B, S], by reference: for those who look into a dream. */
  get states(): Float32Array {
    return this.present.subarray(0, this.batchSize * this.stateWidth);
  }

  close(): void {
    this.imagine.dispose();
    this.look.dispose();
  }

  /** Starts the next episode of copy b, and writes what it sees. */
  private begin(b: number, out: GroupOutput): void {
    const { starts } = this.options;
    const [K, S] = starts.shape as [number, number];
    const drawn = this.copies.stream(b).integer(K);
    const start = this.copies.level(b)?.start ?? drawn;
    const data = starts.data as Float32Array;
    for (let i = 0; i < S; i++) this.present[b * S + i] = data[start * S + i]!;
    this.steps[b] = 0;
    this.toSpace(this.seenAtStart, start * this.width, out.observation, b * this.width);
  }

  private output(output: readonly GroupOutput[]): GroupOutput {
    return requireOutput(NAME, this.groups, 0, this.batchSize, this.width, output);
  }
}

function readLevel(level: Json, K: number): DreamLevel {
  const object = levelObject(NAME, level, ['start']);
  if (object.start === undefined) return { start: undefined };
  const start = levelNumber(NAME, object, 'start', [0, K - 1], 0);
  if (!Number.isInteger(start)) throw wrong('a start is a row', `a whole number from 0 to ${K - 1}`, String(start));
  return { start };
}

function startLevels(K: number): LevelSpace {
  const generate = (seed: number): Json => ({ start: ((seed % K) + K) % K });
  if (K > MOST_LISTED) return { generate };
  return { generate, grid: Array.from({ length: K }, (_, start) => ({ start })) };
}

function wrong(problem: string, wanted: string, got: string): LightbulbError {
  return new LightbulbError('invalid_input', problem, { where: NAME, wanted, got });
}
