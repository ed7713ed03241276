import { generalisedAdvantages, type Track } from '../../agents/index.ts';
import { LightbulbError } from '../../core/index.ts';
import type { SharedValueOptions } from './options.ts';
import type { Role } from './role.ts';
import { IDLE } from './role-rows.ts';
import type { Round } from './round.ts';
import { type WordCredit, wordCreditOf } from './word-credit.ts';

/** What a role's decisions are judged by, and what its values are to learn: [T, B, N] each. */
export class RoleCredit {
  /** What an agent is credited with. */
  readonly credited: Float32Array;
  /** What of that values are to learn: all but what is told choice by choice. */
  readonly reward: Float32Array;
  /** What is told choice by choice; null where nothing is. */
  readonly words: WordCredit | null;
  /** As in `Experience`, but for the horizon: see `endings`. */
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** [T + 1, B, N]: where there is a value to learn. */
  readonly counts: Uint8Array;
  /** [T + 1, B, N] */
  readonly value: Float32Array;
  readonly finalValue: Float32Array;
  readonly advantage: Float32Array;
  readonly target: Float32Array;
  /** 1 where an agent decided. */
  readonly decides: Uint8Array;
  /** COMA's Q(s, u), and its mean over the agent's own actions; where it decided. */
  readonly taken: Float32Array;
  readonly baseline: Float32Array;
  decisions = 0;

  constructor(
    private readonly role: Role,
    private readonly round: Round,
    private readonly options: SharedValueOptions,
  ) {
    const { T, B } = round;
    const { N } = role;
    const cells = T * B * N;
    this.credited = new Float32Array(cells);
    this.reward = new Float32Array(cells);
    this.words = wordCreditOf(role, round, options);
    this.terminated = new Uint8Array(cells);
    this.truncated = new Uint8Array(cells);
    this.counts = new Uint8Array(cells + B * N);
    this.value = new Float32Array(cells + B * N);
    this.finalValue = new Float32Array(cells);
    this.advantage = new Float32Array(cells);
    this.target = new Float32Array(cells);
    this.decides = new Uint8Array(cells);
    this.taken = new Float32Array(cells);
    this.baseline = new Float32Array(cells);
  }

  /** Of the round's rewards and endings. Error `invalid_input` where the credit wants what the round has not. */
  begin(): void {
    this.findDecisions();
    this.pay();
    this.reward.set(this.credited);
    this.words?.begin(this.decides, this.reward);
    this.endings();
  }

  /** Advantages and targets from the values. With COMA, advantages are Q(s, u) less its mean (equation 4). */
  judge(): void {
    const { role, round, options, reward, value, finalValue, terminated, truncated, counts, decides } = this;
    const isComa = options.credit === 'coma';
    if (isComa) for (let i = 0; i < decides.length; i++) if (decides[i] === 1) value[i] = this.taken[i]!;
    const track: Track = {
      T: round.T,
      K: round.B * role.N,
      reward,
      value,
      finalValue,
      terminated,
      truncated,
      alive: counts,
    };
    generalisedAdvantages(track, options.discount, options.gaeLambda, this.advantage, this.target);
    this.words?.judge(decides, this.advantage);
    if (!isComa) return;
    for (let i = 0; i < decides.length; i++)
      this.advantage[i] = decides[i] === 1 ? this.taken[i]! - this.baseline[i]! : 0;
  }

  private findDecisions(): void {
    const { row } = this.round.rows[this.role.index]!;
    this.decisions = 0;
    for (let i = 0; i < this.decides.length; i++) {
      this.decides[i] = row[i] === IDLE ? 0 : 1;
      this.decisions += this.decides[i]!;
    }
  }

  private pay(): void {
    const { role, round, credited, options } = this;
    const { experience, T, B } = round;
    const { N, first } = role;
    const { reward: own } = experience.groups[role.index]!;
    if (options.credit === 'individual') {
      credited.set(own);
      return;
    }
    const { difference, teamReward } = experience;
    if (options.credit === 'difference' && difference === null)
      throw new LightbulbError('invalid_input', 'difference credit needs the differences of each episode', {
        where: '/learner/credit',
        got: 'experience without them',
        cure: 'Collect with counterfactual copies, or choose "shared"',
      });
    const all = difference === null ? 0 : difference.length / (T * B);
    for (let sample = 0; sample < T * B; sample++) {
      for (let n = 0; n < N; n++) {
        const credit = options.credit === 'difference' ? difference![sample * all + first + n]! : teamReward[sample]!;
        credited[sample * N + n] = credit + options.ownReward * own[sample * N + n]!;
      }
    }
  }

  /**
   * An agent that is paid by itself has a horizon of its own: where it ends, nothing more comes. One that is paid by what
   * the team achieves has the team's: what is achieved after its death counts for what it did before.
   */
  private endings(): void {
    const { role, round, options, terminated, truncated, counts } = this;
    const { experience, ended } = round;
    const own = experience.groups[role.index]!;
    if (options.credit === 'individual') {
      terminated.set(own.terminated);
      truncated.set(own.truncated);
      counts.set(own.alive);
      return;
    }
    counts.fill(1);
    const { N } = role;
    for (let sample = 0; sample < ended.length; sample++) {
      const isTruncated = ended[sample] === 1 && round.wasTruncated(sample);
      for (let i = sample * N; i < (sample + 1) * N; i++) {
        truncated[i] = ended[sample] === 1 && (own.truncated[i] === 1 || (own.alive[i] === 0 && isTruncated)) ? 1 : 0;
        terminated[i] = ended[sample] === 1 && truncated[i] === 0 ? 1 : 0;
      }
    }
  }
}

/** The team's return, and what its value was: [T, B]. */
export class TeamCredit {
  /** [T + 1, B] */
  readonly value: Float32Array;
  readonly finalValue: Float32Array;
  readonly target: Float32Array;
  private readonly advantage: Float32Array;
  private readonly terminated: Uint8Array;
  private readonly truncated: Uint8Array;
  private readonly always: Uint8Array;

  constructor(
    private readonly round: Round,
    private readonly options: SharedValueOptions,
  ) {
    const { T, B } = round;
    this.value = new Float32Array((T + 1) * B);
    this.finalValue = new Float32Array(T * B);
    this.target = new Float32Array(T * B);
    this.advantage = new Float32Array(T * B);
    this.terminated = new Uint8Array(T * B);
    this.truncated = new Uint8Array(T * B);
    this.always = new Uint8Array((T + 1) * B).fill(1);
  }

  /** Targets from the values. Returns the share of their variance that the values explain. */
  judge(): number {
    const { round, options, value, finalValue, terminated, truncated, advantage, target } = this;
    const { T, B, ended, experience } = round;
    for (let sample = 0; sample < T * B; sample++) {
      truncated[sample] = ended[sample] === 1 && round.wasTruncated(sample) ? 1 : 0;
      terminated[sample] = ended[sample] === 1 && truncated[sample] === 0 ? 1 : 0;
    }
    generalisedAdvantages(
      { T, K: B, reward: experience.teamReward, value, finalValue, terminated, truncated, alive: this.always },
      options.discount,
      options.gaeLambda,
      advantage,
      target,
    );
    return explained(target, advantage, null);
  }
}

/** The share of the targets' variance that is not in the errors, over entries that count; 0 where they do not vary. */
export function explained(target: Float32Array, error: Float32Array, counts: Uint8Array | null): number {
  const of = variance(target, counts);
  return of < 1e-12 ? 0 : 1 - variance(error, counts) / of;
}

function variance(x: Float32Array, counts: Uint8Array | null): number {
  let [n, sum, squares] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (counts !== null && counts[i] === 0) continue;
    n++;
    sum += x[i]!;
    squares += x[i]! * x[i]!;
  }
  return n === 0 ? 0 : Math.max(0, squares / n - (sum / n) ** 2);
}
