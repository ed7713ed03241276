import { actionChoices, type Group, groupSizes } from '../../worlds/index.ts';
import { type Channel, experience, type Task, type TaskQueue, token } from '../messages/index.ts';
import type { Experience, GroupExperience } from '../value/index.ts';
import { ROLES_LANE, TEAM_LANE } from './hand-over.ts';
import { insist } from './insist.ts';
import type { SetAside } from './news.ts';
import { team } from './team-message.ts';

/** Milliseconds to wait for a task before we look whether it was handed over at all. */
const WAIT = 3000;

/** A whole round, taken off the queue. */
export interface Round {
  /** The same arrays each time. */
  readonly experience: Experience;
  readonly tasks: readonly string[];
  /** Once the round was learned from: nobody gets these tasks again. */
  acknowledge(): Promise<void>;
}

export interface DeskOptions {
  readonly groups: readonly Group[];
  readonly T: number;
  readonly B: number;
  /** Kinds of feedback. */
  readonly K: number;
  readonly hasDifference: boolean;
  readonly sitting: number;
  readonly signal: AbortSignal;
  readonly setAside: SetAside;
}

/** Where the learner puts the tasks of a round together. What it has learned from already, it does not take again. */
export class Desk {
  private readonly experience: Experience;
  private readonly difference: Float32Array;

  private constructor(
    private readonly roles: TaskQueue<typeof experience>,
    private readonly teams: TaskQueue<typeof team>,
    private readonly options: DeskOptions,
  ) {
    const { groups, T, B, K, hasDifference } = options;
    const all = groups.reduce((sum, { agents }) => sum + agents.length, 0);
    this.difference = new Float32Array(T * B * all);
    this.experience = {
      T,
      B,
      groups: groups.map((group) => createExperience(group, T, B)),
      teamReward: new Float32Array(T * B),
      feedback: new Float32Array(T * B * K),
      said: new Uint8Array(T * B * K),
      difference: hasDifference ? this.difference : null,
    };
  }

  static async open(channel: Channel, options: DeskOptions): Promise<Desk> {
    return new Desk(await channel.tasks(experience), await channel.tasks(team), options);
  }

  /**
   * The round of this number, once all its tasks are here. `repeat` is called where they do not come: the server may have
   * lost them before they were written to disk, or somebody may have put others in their place.
   */
  async take(round: number, repeat: (attempt: number) => Promise<void>): Promise<Round> {
    const { signal, groups } = this.options;
    const taken: (Task<typeof experience> | Task<typeof team>)[] = [];
    const missing = new Set(groups.map(({ name }) => name));
    let attempt = 0;
    const insisted = <T>(act: () => Promise<T>): Promise<T> => insist(act, { signal });
    const again = async (): Promise<void> => repeat(++attempt);
    while (missing.size > 0) {
      const task = await insisted(() => this.roles.take(ROLES_LANE, { wait: WAIT }));
      if (task === undefined) await again();
      else if (missing.has(task.fields.role) && this.isOf(round, task, task.fields.role) && this.fillRole(task)) {
        missing.delete(task.fields.role);
        taken.push(task);
      } else await this.drop(task);
    }
    for (let isMissing = true; isMissing; ) {
      const task = await insisted(() => this.teams.take(TEAM_LANE, { wait: WAIT }));
      if (task === undefined) await again();
      else if (this.isOf(round, task, 'team') && this.fillTeam(task)) {
        isMissing = false;
        taken.push(task);
      } else await this.drop(task);
    }
    return {
      experience: this.experience,
      tasks: taken.map(({ id }) => id),
      acknowledge: async () => {
        for (const task of taken) await insisted(() => task.acknowledge());
      },
    };
  }

  private isOf(round: number, { id, fields }: Task<typeof experience> | Task<typeof team>, part: string): boolean {
    const name = `${this.options.sitting}.${round}.${token(part)}`;
    return fields.round === round && fields.version === round && (id === name || id.startsWith(`${name}.`));
  }

  private async drop(task: Task<typeof experience> | Task<typeof team>): Promise<void> {
    this.options.setAside.tasks++;
    await insist(() => task.acknowledge(), { signal: this.options.signal });
  }

  /** False, and nothing changed, where it is no such role's. */
  private fillRole({ fields, arrays, sizes }: Task<typeof experience>): boolean {
    const { groups, T, B } = this.options;
    const g = groups.findIndex(({ name }) => name === fields.role);
    const { agents: N, observation: D, action: A, mask: M } = groupSizes(groups[g]!);
    const target = this.experience.groups[g]!;
    const isOurs = sizes.T === T && sizes.B === B && sizes.n === N && sizes.D === D && sizes.A === A && sizes.M === M;
    const { ended, finalObservation } = arrays;
    if (!isOurs || arrays.action.data.constructor !== target.action.constructor) return false;
    if ((ended === undefined) !== (finalObservation === undefined)) return false;
    if (ended?.data.some((value, i) => value < 0 || value >= (i % 2 === 0 ? T : B)) === true) return false;
    target.observation.set(arrays.observation.data);
    target.actionMask.set(arrays.mask.data);
    target.alive.set(arrays.alive.data);
    target.action.set(arrays.action.data);
    target.logProbability.set(arrays.logProbability.data);
    target.reward.set(arrays.reward.data);
    target.terminated.set(arrays.terminated.data);
    target.truncated.set(arrays.truncated.data);
    target.finalObservation.fill(0);
    for (let e = 0; e < (sizes.E ?? 0); e++) {
      const row = ended!.data[2 * e]! * B + ended!.data[2 * e + 1]!;
      target.finalObservation.set(finalObservation!.data.subarray(e * N * D, (e + 1) * N * D), row * N * D);
    }
    return true;
  }

  private fillTeam({ arrays, sizes }: Task<typeof team>): boolean {
    const { T, B, K, hasDifference } = this.options;
    const { reward, feedback, said, difference } = arrays;
    const { experience } = this;
    if (sizes.T !== T || sizes.B !== B || (sizes.K ?? 0) !== K) return false;
    if ((feedback === undefined) !== (said === undefined)) return false;
    if ((difference !== undefined) !== hasDifference) return false;
    if (difference !== undefined && difference.data.length !== this.difference.length) return false;
    experience.teamReward.set(reward.data);
    if (feedback !== undefined) experience.feedback.set(feedback.data);
    if (said !== undefined) experience.said.set(said.data);
    if (difference !== undefined) this.difference.set(difference.data);
    return true;
  }
}

function createExperience(group: Group, T: number, B: number): GroupExperience {
  const { agents: N, observation: D, action: A, mask: M } = groupSizes(group);
  const K = B * N;
  const isDiscrete = actionChoices(group.action) !== null;
  return {
    observation: new Float32Array((T + 1) * K * D),
    finalObservation: new Float32Array(T * K * D),
    actionMask: new Uint8Array((T + 1) * K * M),
    alive: new Uint8Array((T + 1) * K),
    action: isDiscrete ? new Int32Array(T * K * A) : new Float32Array(T * K * A),
    logProbability: new Float32Array(T * K),
    reward: new Float32Array(T * K),
    terminated: new Uint8Array(T * K),
    truncated: new Uint8Array(T * K),
  };
}
