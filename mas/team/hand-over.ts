import type { GroupRollout } from '../../agents/index.ts';
import type { Group } from '../../worlds/index.ts';
import { type Channel, experience, type Outgoing, type TaskQueue, token } from '../messages/index.ts';
import { actionArray } from './action-array.ts';
import { team } from './team-message.ts';

/** Lanes of the run's queue: what each role lived, and what happened to all. */
export const ROLES_LANE = 'roles';
export const TEAM_LANE = 'team';

/** One role's part of a round. */
export interface RolePart {
  readonly group: Group;
  readonly rollout: GroupRollout;
  /** [T, B, N, A], as drawn: numbers may lie beyond the bounds that the environment was given. */
  readonly action: Int32Array | Float32Array;
  /** [T, B, N] */
  readonly logProbability: Float32Array;
  /** [T, B, N, D], read where an agent ended. */
  readonly finalObservation: Float32Array;
}

/** What happened to all of them. */
export interface TeamPart {
  /** [T, B] */
  readonly reward: Float32Array;
  /** [T, B, K] each. */
  readonly feedback: Float32Array;
  readonly said: Uint8Array;
  /** [T, B, all] */
  readonly difference: Float32Array | null;
}

/** A round is named by these; a task's id is `<sitting>.<round>.<role>`, and `.<attempt>` where it had to be repeated. */
export interface RoundName {
  readonly sitting: number;
  readonly round: number;
  /** 0 at first. A later one is another task with the same content: the learner takes one of them. */
  readonly attempt: number;
  /** Environment steps before the round. */
  readonly step: number;
}

/** Gives rounds to the learner, as tasks that are kept until it has learned from them. */
export class HandOver {
  private constructor(
    private readonly roles: TaskQueue<typeof experience>,
    private readonly teams: TaskQueue<typeof team>,
    private readonly T: number,
    private readonly B: number,
  ) {}

  static async open(channel: Channel, T: number, B: number): Promise<HandOver> {
    return new HandOver(await channel.tasks(experience), await channel.tasks(team), T, B);
  }

  /** Resolves when the bus has all of it. Repeating it does no harm. */
  async give(name: RoundName, roles: readonly RolePart[], together: TeamPart): Promise<void> {
    for (const part of roles) await this.roles.add(ROLES_LANE, this.ofRole(name, part));
    await this.teams.add(TEAM_LANE, this.ofTeam(name, together));
  }

  private ofRole(name: RoundName, part: RolePart): Outgoing<typeof experience> {
    const { T, B } = this;
    const { rollout } = part;
    const { N, D, A, M } = rollout.sizes;
    return {
      id: idOf(name, part.group.name),
      fields: { round: name.round, step: name.step, role: part.group.name, version: name.round },
      arrays: {
        observation: { shape: [T + 1, B, N, D], data: rollout.observation },
        mask: { shape: [T + 1, B, N, M], data: rollout.actionMask },
        alive: { shape: [T + 1, B, N], data: rollout.alive },
        action: actionArray([T, B, N, A], part.action),
        logProbability: { shape: [T, B, N], data: part.logProbability },
        reward: { shape: [T, B, N], data: rollout.reward },
        terminated: { shape: [T, B, N], data: rollout.terminated },
        truncated: { shape: [T, B, N], data: rollout.truncated },
        ...this.endings(part),
      },
    };
  }

  /** Where any agent of the role ended, and what it saw last. */
  private endings({ rollout, finalObservation }: RolePart) {
    const { N, D } = rollout.sizes;
    const rows: number[] = [];
    for (let row = 0; row < this.T * this.B; row++) {
      for (let seat = row * N; seat < (row + 1) * N; seat++) {
        if ((rollout.terminated[seat]! | rollout.truncated[seat]!) === 0) continue;
        rows.push(row);
        break;
      }
    }
    if (rows.length === 0) return {};
    const ended = new Int32Array(rows.length * 2);
    const last = new Float32Array(rows.length * N * D);
    rows.forEach((row, e) => {
      ended[2 * e] = Math.floor(row / this.B);
      ended[2 * e + 1] = row % this.B;
      last.set(finalObservation.subarray(row * N * D, (row + 1) * N * D), e * N * D);
    });
    return {
      ended: { shape: [rows.length, 2], data: ended },
      finalObservation: { shape: [rows.length, N, D], data: last },
    };
  }

  private ofTeam(name: RoundName, { reward, feedback, said, difference }: TeamPart): Outgoing<typeof team> {
    const { T, B } = this;
    const rows = T * B;
    const K = feedback.length / rows;
    return {
      id: idOf(name, 'team'),
      fields: { round: name.round, step: name.step, version: name.round },
      arrays: {
        reward: { shape: [T, B], data: reward },
        ...(K === 0 ? {} : { feedback: { shape: [T, B, K], data: feedback }, said: { shape: [T, B, K], data: said } }),
        ...(difference === null ? {} : { difference: { shape: [T, B, difference.length / rows], data: difference } }),
      },
    };
  }
}

function idOf({ sitting, round, attempt }: RoundName, part: string): string {
  return `${sitting}.${round}.${token(part)}${attempt === 0 ? '' : `.${attempt}`}`;
}
