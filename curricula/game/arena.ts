import { type Json, LightbulbError } from '../../core/index.ts';
import {
  actionChoices,
  actionComponents,
  type BatchedEnvironment,
  flatSize,
  type Group,
  type GroupActions,
  type GroupOutput,
  requireOutput,
  UNBOUNDED,
} from '../../worlds/index.ts';
import { requireActions } from '../../worlds/models/index.ts';
import { type DreamNews, type SavedStage, Stage, type StageOptions } from './stage.ts';

export interface ArenaOptions {
  /** The group of the protagonist, as it sees the world. */
  readonly group: Group;
  /** The real copies, and arrays for them to write into; undefined for none. */
  readonly reality: { readonly environment: BatchedEnvironment; readonly output: readonly GroupOutput[] } | undefined;
  /** undefined for none. */
  readonly dreams: Omit<StageOptions, 'group'> | undefined;
}

interface Saved {
  readonly reality: Json;
  readonly stage: SavedStage | null;
}

const NAME = 'arena';

/**
 * Where the game is played: `R` real copies of an environment, played by the protagonist alone, and behind them `D` dreams.
 * Each dream is dreamt by the protagonist, and where regret is asked for also by an antagonist, from the same start and with
 * the same noise; the adversary has an agent for each of them, who sees the model's features of that dream and not who
 * plays, and moves the noise. To learners, an environment of up to three groups, in whose real copies nobody but the
 * protagonist takes part.
 *
 * Players are paid what the model predicts (reward-free: its error). The adversary is paid by `objective`: the error of its
 * own dream; the reward of its own dream, negative, for `value`; for `regret` each of its two agents half of the antagonist's
 * reward less half of the protagonist's, so that both returns together are the regret. Paying each agent by its own dream
 * would sum to the same, but an agent that cannot tell whose dream it is could not tell what to expect either; this way what
 * both players earn alike is nothing to begin with. Both agents live until both sides are over: what one side earns after
 * the other's end is regret too. `random` moves are nobody's: there is no such group.
 *
 * Dream b draws its start and all its noise from `stream(seed, 'environment/<R + b>')`.
 */
export class Arena implements BatchedEnvironment {
  readonly batchSize: number;
  readonly groups: readonly Group[];
  readonly stateSize = 0;
  private readonly R: number;
  private readonly stage: Stage | undefined;
  private readonly widths: readonly number[];
  /** [R, A]. */
  private readonly actions: Int32Array | Float32Array;

  constructor(private readonly arena: ArenaOptions) {
    const { group, reality, dreams } = arena;
    this.R = reality?.environment.batchSize ?? 0;
    this.batchSize = this.R + (dreams?.copies ?? 0);
    const { sides = 1, moveSize = 0, featureSize = 0 } = dreams ?? {};
    const hasAdversary = moveSize > 0 && dreams?.options.adversary.objective !== 'random';
    const adversary: Group = {
      name: 'adversary',
      agents: Array.from({ length: sides }, (_, side) => `adversary_${side}`),
      observation: { type: 'box', shape: [featureSize], low: -UNBOUNDED, high: UNBOUNDED },
      action: { type: 'box', shape: [moveSize], low: -1, high: 1 },
      masked: false,
    };
    this.groups = [
      { ...group, name: 'protagonist', agents: ['protagonist'] },
      ...(sides === 2 ? [{ ...group, name: 'antagonist', agents: ['antagonist'] }] : []),
      ...(hasAdversary ? [adversary] : []),
    ];
    this.widths = this.groups.map(({ observation }) => flatSize(observation));
    this.stage = dreams && new Stage({ ...dreams, group }, this.R);
    const numbers = this.R * actionComponents(group.action);
    this.actions = actionChoices(group.action) === null ? new Float32Array(numbers) : new Int32Array(numbers);
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    this.requireOutputs(output);
    for (const { observation, reward, terminated, truncated, alive } of output)
      for (const array of [observation, reward, terminated, truncated, alive]) array.fill(0);
    const { reality } = this.arena;
    if (reality !== undefined) {
      reality.environment.reset(seed, reality.output);
      this.takeReality(output[0]!, reality.output[0]!);
    }
    this.stage?.reset(seed, output);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.requireOutputs(output);
    if (this.stage?.isStarted === false)
      throw new LightbulbError('contract', 'step came before reset', {
        where: NAME,
        cure: 'Call reset(seed, output) once, or restore a snapshot',
      });
    for (const [g, group] of this.groups.entries()) {
      if (group.name === 'adversary') requireMoves(group, this.batchSize, actions[g]);
      else requireActions(NAME, group, this.batchSize, actions[g]);
    }
    for (const { reward, terminated, truncated } of output)
      for (const array of [reward, terminated, truncated]) array.fill(0);
    const { reality } = this.arena;
    if (reality !== undefined) {
      for (let i = 0; i < this.actions.length; i++) this.actions[i] = actions[0]![i]!;
      reality.environment.step([this.actions], reality.output);
      this.takeReality(output[0]!, reality.output[0]!);
    }
    this.stage?.step(actions, output);
  }

  /** What happened in dreams since the last time; undefined where nobody dreams. */
  take(): DreamNews | undefined {
    return this.stage?.take();
  }

  /** To be asked after `take`. The model and the starts are their owners' to save. */
  snapshot(): Json {
    const saved: Saved = {
      reality: this.arena.reality?.environment.snapshot() ?? null,
      stage: this.stage?.save() ?? null,
    };
    return saved as unknown as Json;
  }

  restore(snapshot: Json): void {
    const { reality, stage } = snapshot as unknown as Saved;
    const D = this.batchSize - this.R;
    if ((stage?.steps.length ?? 0) !== D)
      throw new LightbulbError('mismatch', 'this snapshot belongs to another arena', {
        where: NAME,
        wanted: `${D} dreams`,
        got: `${stage?.steps.length ?? 0}`,
      });
    this.arena.reality?.environment.restore(reality);
    if (stage !== null) this.stage?.load(stage);
  }

  render(copy: number): string {
    if (copy >= this.R) return `dream ${copy - this.R}`;
    return this.arena.reality?.environment.render?.(copy) ?? '';
  }

  close(): void {
    this.arena.reality?.environment.close?.();
  }

  /** What reality answered: in the rows of the protagonist that come first. */
  private takeReality(out: GroupOutput, real: GroupOutput): void {
    out.observation.set(real.observation);
    out.reward.set(real.reward);
    out.terminated.set(real.terminated);
    out.truncated.set(real.truncated);
    out.alive.set(real.alive);
    const width = this.widths[0]!;
    for (let b = 0; b < this.R; b++) {
      if (real.terminated[b] === 0 && real.truncated[b] === 0) continue;
      for (let i = b * width; i < (b + 1) * width; i++) out.finalObservation[i] = real.finalObservation[i]!;
    }
  }

  private requireOutputs(output: readonly GroupOutput[]): void {
    for (let g = 0; g < this.groups.length; g++)
      requireOutput(NAME, this.groups, g, this.batchSize, this.widths[g]!, output);
  }
}

/** The adversary's actions, checked before anything moves: [B, N, k], finite. */
function requireMoves(group: Group, copies: number, actions: GroupActions | undefined): void {
  const size = copies * group.agents.length * flatSize(group.action);
  const where = `${NAME}, group "${group.name}"`;
  if (!(actions instanceof Float32Array) || actions.length !== size)
    throw new LightbulbError('contract', 'the actions do not fit', {
      where,
      wanted: `a Float32Array of ${size} numbers`,
      got: actions === undefined ? 'nothing' : `${actions.constructor.name} of ${actions.length}`,
    });
  for (let i = 0; i < size; i++) {
    const value = actions[i]!;
    // Only for finite numbers is x - x zero.
    if (value - value !== 0)
      throw new LightbulbError('contract', 'this action does not exist', {
        where,
        wanted: 'finite numbers from -1 to 1',
        got: String(value),
      });
  }
}
