import { type Json, LightbulbError } from '../core/index.ts';
import { BatchCopy } from './batch-copy.ts';
import type { BatchedEnvironment, FeedbackKind, Group, GroupActions, GroupOutput } from './batched.ts';
import type { Environment, First, LevelSpace, Step } from './environment.ts';
import { groupAgents } from './grouping.ts';
import { type GroupSizes, groupSizes } from './outputs.ts';
import { ScoreRecord } from './scores.ts';
import type { SpaceValue } from './space.ts';
import {
  actionChoices,
  checkValue,
  decodeAction,
  flatSize,
  flatten,
  hasText,
  maskSize,
  printSpace,
} from './spaces/index.ts';
import { TaskRecord } from './tasks.ts';
import { TeamRecord } from './team.ts';

export interface BatchOptions {
  /** Roles: group name to its agents. Default: agents with equal spaces are one group. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
}

/** Where an agent sits: its group and its place therein. */
interface Seat {
  readonly agent: string;
  readonly group: number;
  readonly place: number;
}

/**
 * `copies` environments of the single form as one batched environment. Each draws its seeds from its own stream and
 * starts anew when everybody in it has terminated or was truncated; an agent that ends earlier has `alive` 0, sees
 * zeros and is asked for no action until then.
 *
 * The environments are made here, and the first is reset once, to see who comes with masks. On every step they are
 * held to their contract: who answers, spaces, finite rewards, booleans, what is said of the team, scores, tasks. Breaking it throws
 * `contract` or `not_finite` that names copy, step and agent. Texts in actions or in the state throw `unsupported`.
 *
 * Saving uses the environments' own `snapshot` and `restore` where they have both; otherwise the seed, the level and
 * the actions of the running episode are saved, and `restore` plays them again.
 */
export function batch(make: () => Environment, copies: number, options: BatchOptions = {}): BatchedEnvironment {
  if (!Number.isSafeInteger(copies) || copies < 1)
    throw new LightbulbError('invalid_input', 'a batch needs copies', {
      wanted: 'an integer >= 1',
      got: String(copies),
    });
  return new Batch(
    Array.from({ length: copies }, (_, b) => new BatchCopy(make(), b)),
    options,
  );
}

class Batch implements BatchedEnvironment {
  readonly batchSize: number;
  readonly groups: readonly Group[];
  readonly maximumSteps?: number;
  readonly stateSize: number;
  readonly levels?: LevelSpace;
  readonly teamReward?: (out: Float32Array) => void;
  readonly feedbackKinds?: readonly FeedbackKind[];
  readonly feedback?: (score: Float32Array, said: Uint8Array) => void;
  readonly scoreNames?: readonly string[];
  readonly scores?: (out: Float32Array) => void;
  readonly taskNames?: readonly string[];
  readonly taskRewards?: (out: Float32Array) => void;
  private readonly team: TeamRecord;
  private readonly scored: ScoreRecord;
  private readonly tasks: TaskRecord;
  private readonly sizes: readonly GroupSizes[];
  private readonly seats: readonly Seat[];
  private readonly finalStates: Float32Array;

  constructor(
    private readonly copies: readonly BatchCopy[],
    options: BatchOptions,
  ) {
    const { environment } = copies[0]!;
    const { maximumSteps, levels, stateSpace } = environment;
    this.batchSize = copies.length;
    const masked = new Set(Object.keys(environment.reset({ seed: 0 }).actionMasks ?? {}));
    this.groups = groupAgents(environment, masked, options.groups);
    this.sizes = this.groups.map(groupSizes);
    // Asked for here so that an action space without an array form is refused before anything runs.
    for (const group of this.groups) actionChoices(group.action);
    this.seats = this.groups.flatMap(({ agents }, group) => agents.map((agent, place) => ({ agent, group, place })));
    this.stateSize = stateSpace !== undefined && environment.state !== undefined ? flatSize(stateSpace) : 0;
    if (this.stateSize > 0 && hasText(stateSpace!))
      throw new LightbulbError('unsupported', 'a central critic takes numbers, and there is text in the state', {
        got: printSpace(stateSpace!),
        cure: 'Leave the text out of stateSpace',
      });
    this.finalStates = new Float32Array(copies.length * this.stateSize);
    if (maximumSteps !== undefined) this.maximumSteps = maximumSteps;
    if (levels !== undefined) this.levels = levels;
    const environments = copies.map((copy) => copy.environment);
    const team = new TeamRecord(environments);
    const scored = new ScoreRecord(environments);
    const tasks = new TaskRecord(environments);
    this.team = team;
    this.scored = scored;
    this.tasks = tasks;
    // There only where declared: callers ask by looking.
    if (team.hasTeamReward) this.teamReward = (out) => team.teamReward(out);
    if (team.feedbackKinds !== undefined) {
      this.feedbackKinds = team.feedbackKinds;
      this.feedback = (score, said) => team.feedback(score, said);
    }
    if (scored.names !== undefined) {
      this.scoreNames = scored.names;
      this.scores = (out) => scored.read(out);
    }
    if (tasks.names === undefined) return;
    this.taskNames = tasks.names;
    this.taskRewards = (out) => tasks.read(out);
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    this.requireOutput(output);
    for (const { terminated, truncated, reward } of output) {
      terminated.fill(0);
      truncated.fill(0);
      reward.fill(0);
    }
    this.team.clear();
    this.scored.clear();
    this.tasks.clear();
    this.copies.forEach((copy, b) => {
      copy.open(seed);
      this.writePresent(b, copy.begin(), output);
    });
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.requireOutput(output);
    this.requireActions(actions);
    this.copies.forEach((copy, b) => {
      const before = copy.living;
      const answer = copy.step(this.readActions(b, copy, actions));
      this.writeOutcome(b, before, answer, output);
      this.team.write(b, answer);
      this.scored.write(b, answer);
      this.tasks.write(b, answer);
      if (copy.living.length > 0) {
        this.writePresent(b, answer, output);
        return;
      }
      if (this.stateSize > 0) this.writeState(copy, this.finalStates, b * this.stateSize);
      this.writePresent(b, copy.begin(), output);
    });
  }

  state(out: Float32Array): void {
    this.copies.forEach((copy, b) => {
      if (this.stateSize > 0) this.writeState(copy, out, b * this.stateSize);
    });
  }

  finalState(out: Float32Array): void {
    out.set(this.finalStates);
  }

  setLevel(copy: number, level: Json | undefined): void {
    const target = this.copies[copy];
    if (target === undefined)
      throw new LightbulbError('invalid_input', 'a level was given to a copy that does not exist', {
        wanted: `0 to ${this.batchSize - 1}`,
        got: String(copy),
      });
    target.setLevel(level);
  }

  snapshot(): Json {
    return { copies: this.copies.map((copy) => copy.snapshot()) };
  }

  restore(snapshot: Json): void {
    const { copies } = (snapshot ?? {}) as { copies?: readonly Json[] };
    if (!Array.isArray(copies)) throw new LightbulbError('corrupt', 'this is no snapshot of a batch');
    if (copies.length !== this.batchSize)
      throw new LightbulbError('mismatch', 'this snapshot belongs to another batch', {
        wanted: `${this.batchSize} copies`,
        got: String(copies.length),
      });
    this.team.clear();
    this.scored.clear();
    this.tasks.clear();
    this.copies.forEach((copy, b) => {
      copy.restore(copies[b]!);
    });
  }

  close(): void {
    for (const { environment } of this.copies) environment.close?.();
  }

  /** What the living agents of copy `b` do, checked against their action spaces. */
  private readActions(b: number, copy: BatchCopy, actions: readonly GroupActions[]): Record<string, SpaceValue> {
    const chosen: Record<string, SpaceValue> = {};
    for (const { agent, group, place } of this.seats) {
      if (!copy.living.includes(agent)) continue;
      const { action } = this.groups[group]!;
      const { agents, action: components } = this.sizes[group]!;
      const value = decodeAction(action, actions[group]!, (b * agents + place) * components);
      const fault = checkValue(action, value);
      if (fault !== null)
        throw new LightbulbError(
          fault.kind === 'not_finite' ? 'not_finite' : 'contract',
          'this action does not exist',
          {
            where: `${copy.where()}, agent "${agent}", action${fault.path}`,
            wanted: fault.wanted,
            got: fault.got,
            ...(fault.kind === 'bounds' && action.type === 'box' ? { cure: 'Clip to actionBounds(space)' } : {}),
          },
        );
      chosen[agent] = value;
    }
    return chosen;
  }

  /** What came of the step, for everyone; `before` lists who was alive before it. */
  private writeOutcome(b: number, before: readonly string[], answer: Step, output: readonly GroupOutput[]): void {
    for (const { agent, group, place } of this.seats) {
      const { agents, observation } = this.sizes[group]!;
      const out = output[group]!;
      const at = b * agents + place;
      const acted = before.includes(agent);
      const terminated = acted && answer.terminated[agent]!;
      const truncated = acted && answer.truncated[agent]!;
      out.reward[at] = acted ? answer.rewards[agent]! : 0;
      out.terminated[at] = terminated ? 1 : 0;
      out.truncated[at] = truncated ? 1 : 0;
      if (terminated || truncated)
        flatten(this.groups[group]!.observation, answer.observations[agent]!, out.finalObservation, at * observation);
    }
  }

  /** What the living see and may do; zeros for the others. */
  private writePresent(b: number, first: First, output: readonly GroupOutput[]): void {
    const { living } = this.copies[b]!;
    for (const { agent, group, place } of this.seats) {
      const { agents, observation, mask } = this.sizes[group]!;
      const out = output[group]!;
      const at = b * agents + place;
      if (!living.includes(agent)) {
        out.alive[at] = 0;
        out.observation.fill(0, at * observation, (at + 1) * observation);
        out.actionMask.fill(0, at * mask, (at + 1) * mask);
        continue;
      }
      out.alive[at] = 1;
      flatten(this.groups[group]!.observation, first.observations[agent]!, out.observation, at * observation);
      this.writeMask(b, agent, first.actionMasks?.[agent], out.actionMask, at * mask, mask);
    }
  }

  /** In a masked group, an agent without a mask of its own may do everything. */
  private writeMask(
    b: number,
    agent: string,
    legal: readonly number[] | undefined,
    out: Uint8Array,
    offset: number,
    size: number,
  ): void {
    if (size > 0) {
      if (legal === undefined) out.fill(1, offset, offset + size);
      else out.set(legal, offset);
    } else if (legal !== undefined && maskSize(this.copies[b]!.environment.spaces[agent]!.action) > 0)
      throw new LightbulbError('contract', 'a mask comes as a surprise', {
        where: `${this.copies[b]!.where()}, agent "${agent}"`,
        wanted: 'masks from the first observation on, or none',
        got: 'a mask for an agent whose group had none at its first reset',
        cure: 'Give the agent a mask of ones wherever everything is legal',
      });
  }

  private writeState(copy: BatchCopy, out: Float32Array, offset: number): void {
    const { environment } = copy;
    const value = environment.state!();
    const fault = checkValue(environment.stateSpace!, value);
    if (fault !== null)
      throw new LightbulbError(fault.kind === 'not_finite' ? 'not_finite' : 'contract', 'a state is not in its space', {
        where: `${copy.where()}, state${fault.path}`,
        wanted: fault.wanted,
        got: fault.got,
      });
    flatten(environment.stateSpace!, value, out, offset);
  }

  private requireActions(actions: readonly GroupActions[]): void {
    this.groups.forEach((group, g) => {
      const { agents, action } = this.sizes[g]!;
      const length = this.batchSize * agents * action;
      const kind = actionChoices(group.action) === null ? Float32Array : Int32Array;
      const got = actions[g];
      if (!(got instanceof kind) || got.length !== length)
        throw new LightbulbError('contract', 'the actions do not fit', {
          where: `group "${group.name}"`,
          wanted: `${kind.name} of ${length}`,
          got: got === undefined ? 'nothing' : `${got.constructor.name} of ${got.length}`,
          cure: 'Make them with createActions(environment.groups, environment.batchSize)',
        });
    });
  }

  private requireOutput(output: readonly GroupOutput[]): void {
    this.groups.forEach((group, g) => {
      const { agents, observation, mask } = this.sizes[g]!;
      const seats = this.batchSize * agents;
      const out = output[g];
      const fits =
        out !== undefined &&
        out.observation.length === seats * observation &&
        out.finalObservation.length === seats * observation &&
        [out.reward, out.terminated, out.truncated, out.alive].every(({ length }) => length === seats) &&
        out.actionMask.length === seats * mask;
      if (!fits)
        throw new LightbulbError('contract', 'the arrays to write into do not fit', {
          where: `group "${group.name}"`,
          wanted: `observations of ${seats * observation}, masks of ${seats * mask}, ${seats} of everything else`,
          got:
            out === undefined ? 'nothing' : `observations of ${out.observation.length}, ${out.reward.length} rewards`,
          cure: 'Make them with createOutputs(environment.groups, environment.batchSize)',
        });
    });
  }
}
