import { isUtterance, PAID_COLUMNS, planObservation } from './observation-plan.ts';
import type { SharedValueOptions } from './options.ts';
import type { Role } from './role.ts';
import type { Round } from './round.ts';

/**
 * What each choice of an utterance is judged by, where the environment tells what each was paid (`wordCredit`). What is told
 * in the observation after a step is of that step: it belongs to the choices of the agent's last utterance, and leaves the
 * reward that values learn. A choice gets what it was paid, and what later choices of the utterance were, discounted by
 * `wordDiscount`; less the mean over the round of choices with its number; and the advantage of the rest.
 */
export class WordCredit {
  /** [T, B, N, A] */
  readonly advantage: Float32Array;
  /** [T, B, N, A]: 1 where there is such a choice: up to the stop. */
  readonly isChosen: Uint8Array;
  /** [N, A]: what has been told since the utterance, going back in time. */
  private readonly told: Float64Array;

  /** offset: of the box in the role's flattened observation. */
  constructor(
    private readonly role: Role,
    private readonly round: Round,
    private readonly options: Pick<SharedValueOptions, 'credit' | 'ownReward' | 'wordDiscount'>,
    private readonly offset: number,
  ) {
    const { T, B } = round;
    const { N, A } = role;
    this.advantage = new Float32Array(T * B * N * A);
    this.isChosen = new Uint8Array(T * B * N * A);
    this.told = new Float64Array(N * A);
  }

  /** Takes in what was told, and takes it out of `reward` [T, B, N]. decides: [T, B, N]. */
  begin(decides: Uint8Array, reward: Float32Array): void {
    const { T, B } = this.round;
    this.isChosen.fill(0);
    for (let b = 0; b < B; b++) {
      this.told.fill(0);
      for (let t = T - 1; t >= 0; t--) this.readStep(t * B + b, decides, reward);
    }
    this.centre();
  }

  /** Adds the advantage of the rest, [T, B, N], to every choice. */
  judge(decides: Uint8Array, rest: Float32Array): void {
    const { advantage, isChosen } = this;
    const { A } = this.role;
    for (let cell = 0; cell < decides.length; cell++)
      for (let i = cell * A; i < (cell + 1) * A; i++) if (isChosen[i] === 1) advantage[i]! += rest[cell]!;
  }

  private readStep(sample: number, decides: Uint8Array, reward: Float32Array): void {
    const { told, round } = this;
    const { N, A } = this.role;
    if (round.ended[sample] === 1) told.fill(0);
    for (let n = 0; n < N; n++) {
      const cell = sample * N + n;
      reward[cell]! -= this.hear(sample, n);
      if (decides[cell] === 0) continue;
      this.give(cell, told.subarray(n * A, (n + 1) * A));
      told.fill(0, n * A, (n + 1) * A);
    }
  }

  /** Adds what agent n is told after the step; returns the sum of it. */
  private hear(sample: number, n: number): number {
    const { round, offset, options, told } = this;
    const { N, A, D, index } = this.role;
    const { observation, finalObservation } = round.experience.groups[index]!;
    const seen = round.ended[sample] === 1 ? finalObservation : observation;
    const row = round.ended[sample] === 1 ? sample * N + n : (sample + round.B) * N + n;
    const isOwn = options.credit === 'individual';
    let sum = 0;
    for (let i = 0; i < A; i++) {
      const at = row * D + offset + i * PAID_COLUMNS;
      const paid = isOwn ? seen[at]! : seen[at + 1]! + options.ownReward * seen[at]!;
      told[n * A + i]! += paid;
      sum += paid;
    }
    return sum;
  }

  /** What the choices of an utterance add, each with what comes after it. */
  private give(cell: number, told: Float64Array): void {
    const { advantage, isChosen, options } = this;
    const { A, index } = this.role;
    const { action } = this.round.experience.groups[index]!;
    let length = 0;
    while (length < A && action[cell * A + length] !== 0) length++;
    let after = 0;
    for (let i = A - 1; i >= 0; i--) {
      after = told[i]! + options.wordDiscount * after;
      advantage[cell * A + i] = after;
      isChosen[cell * A + i] = i <= length ? 1 : 0;
    }
  }

  /** To mean 0 over all choices with the same number; 0 where there is none. */
  private centre(): void {
    const { advantage, isChosen } = this;
    const { A } = this.role;
    for (let k = 0; k < A; k++) {
      let [sum, count] = [0, 0];
      for (let i = k; i < advantage.length; i += A) {
        if (isChosen[i] === 0) continue;
        sum += advantage[i]!;
        count++;
      }
      const mean = sum / Math.max(1, count);
      for (let i = k; i < advantage.length; i += A) advantage[i] = isChosen[i] === 1 ? advantage[i]! - mean : 0;
    }
  }
}

/** The credit of a role's choices; null where it is not told any, or makes no utterances. */
export function wordCreditOf(role: Role, round: Round, options: SharedValueOptions): WordCredit | null {
  const { wordCredit, encoder } = options;
  if (wordCredit === null || encoder.kind === 'plain' || !isUtterance(role.group.action)) return null;
  const { paid } = planObservation(role, { words: encoder.words, wordCredit });
  return paid === null ? null : new WordCredit(role, round, options, paid.offset);
}
