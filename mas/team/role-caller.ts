import type { GroupRollout } from '../../agents/index.ts';
import { LightbulbError } from '../../core/index.ts';
import { actionChoices, type Group } from '../../worlds/index.ts';
import { act, type Channel, observe, type Received, token } from '../messages/index.ts';
import { insist } from './insist.ts';
import type { SetAside, TellNews } from './news.ts';
import { withinBounds } from './within-bounds.ts';

/** Milliseconds of pauses after which a person is told that nobody answers. */
const SILENCE = 500;

export interface CallerOptions {
  readonly sitting: number;
  /** Milliseconds for an answer; doubled where none came, up to ten times as long. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly tell: TellNews;
  readonly setAside: SetAside;
}

/** Asks whoever plays a role what it does, until it is answered. Writes into the role's rollout. */
export class RoleCaller {
  /** [T, B, N, A], as they were drawn; the rollout's are within bounds. */
  readonly action: Int32Array | Float32Array;
  /** [T, B, N] */
  readonly logProbability: Float32Array;
  private readonly bring: ReturnType<typeof withinBounds>;
  private readonly choices: readonly number[] | null;
  private isWaiting = false;

  constructor(
    private readonly channel: Channel,
    private readonly group: Group,
    private readonly rollout: GroupRollout,
    private readonly copies: number,
    private readonly options: CallerOptions,
  ) {
    this.action = rollout.action.slice();
    this.logProbability = new Float32Array(rollout.reward.length);
    this.bring = withinBounds(group);
    this.choices = actionChoices(group.action);
  }

  /** Row `t` of the actions and their log-probabilities, by the policy of this version. Zeros for the dead. */
  async act(round: number, t: number, version: number): Promise<void> {
    const { channel, group, copies: B, rollout, options } = this;
    const { N, D, M } = rollout.sizes;
    const K = B * N;
    const subject = channel.subjects.observe(group.name);
    const message = {
      id: `${options.sitting}.${round}.${t}.${token(group.name)}`,
      fields: { round, step: t, version },
      arrays: {
        observation: { shape: [B, N, D], data: rollout.observation.subarray(t * K * D, (t + 1) * K * D) },
        mask: { shape: [B, N, M], data: rollout.actionMask.subarray(t * K * M, (t + 1) * K * M) },
        alive: { shape: [B, N], data: rollout.alive.subarray(t * K, (t + 1) * K) },
      },
    };
    const { signal, timeout } = options;
    let silences = 0;
    await insist(
      async () => {
        const patience = timeout * Math.min(10, 2 ** silences);
        const answer = await channel.ask(observe, act, subject, message, { timeout: patience });
        const problem = this.problemWith(answer, round, t, version);
        if (problem !== undefined) {
          options.setAside.answers++;
          throw new LightbulbError('corrupt', `this is no answer: ${problem}`, { where: group.name });
        }
        this.write(answer, t);
      },
      {
        signal,
        // Somebody answered who could not, or not properly. What we ourselves cannot send is said of the kind instead.
        passes: ({ code, parts }) => code === 'corrupt' || (code === 'contract' && parts.where === subject),
        failed: (error, waited) => {
          if (error.code === 'timeout') silences++;
          this.failed(error, waited);
        },
      },
    );
    if (this.isWaiting) options.tell({ kind: 'back', role: group.name });
    this.isWaiting = false;
  }

  private failed(error: LightbulbError, waited: number): void {
    if (this.isWaiting || (waited < SILENCE && error.code === 'no_responder')) return;
    this.isWaiting = true;
    this.options.tell({ kind: 'waiting', role: this.group.name, cause: error.message });
  }

  /** What is wrong with an answer, before any of it is used. */
  private problemWith(
    { fields, arrays, sizes }: Received<typeof act>,
    round: number,
    t: number,
    version: number,
  ): string | undefined {
    const { group, copies: B, rollout } = this;
    const { N, A } = rollout.sizes;
    if (fields.role !== group.name) return `it is ${fields.role}'s`;
    if (fields.round !== round || fields.step !== t) return `it is about round ${fields.round}, step ${fields.step}`;
    if (fields.version !== version) return `it acted by version ${fields.version}, wanted ${version}`;
    if (sizes.B !== B || sizes.n !== N || sizes.A !== A) return `it is of ${sizes.B} x ${sizes.n} x ${sizes.A} actions`;
    const { data } = arrays.action;
    if (data instanceof Int32Array !== (this.choices !== null)) return 'its actions are of another dtype';
    for (let seat = 0; seat < B * N; seat++) {
      if (rollout.alive[t * B * N + seat] === 0) continue;
      if (!Number.isFinite(arrays.logProbability.data[seat]!)) return 'a log-probability is no finite number';
      if (!this.isLegal(data, seat, t)) return `agent ${group.agents[seat % N]} cannot do that`;
    }
    return undefined;
  }

  private isLegal(action: Int32Array | Float32Array, seat: number, t: number): boolean {
    const { N, A, M } = this.rollout.sizes;
    let entry = (t * this.copies * N + seat) * M;
    for (let a = 0; a < A; a++) {
      const choice = action[seat * A + a]!;
      if (this.choices === null) {
        if (!Number.isFinite(choice)) return false;
        continue;
      }
      const count = this.choices[a]!;
      if (choice < 0 || choice >= count) return false;
      if (M > 0 && this.rollout.actionMask[entry + choice] === 0) return false;
      entry += count;
    }
    return true;
  }

  private write({ arrays }: Received<typeof act>, t: number): void {
    const { rollout, copies, action, logProbability } = this;
    const { N, A } = rollout.sizes;
    const first = t * copies * N;
    const last = first + copies * N;
    action.set(arrays.action.data, first * A);
    logProbability.set(arrays.logProbability.data, first);
    for (let seat = first; seat < last; seat++) {
      if (rollout.alive[seat] !== 0) continue;
      action.fill(0, seat * A, (seat + 1) * A);
      logProbability[seat] = 0;
    }
    this.bring(action.subarray(first * A, last * A), rollout.action.subarray(first * A, last * A));
  }
}
