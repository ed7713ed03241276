import type { Scorer } from './scorer.ts';

/** Numbers about each choice of an utterance: what it added to the own reward, and to the team's. */
export const PAID = 2;
export const OWN = 0;
export const TEAM = 1;

/**
 * What each choice of the utterance that was just made added to the rewards: [B, components, PAID]. The reward of the words
 * up to and with this one, less that of the words before it; so the numbers of an utterance add up to its reward, less what
 * silence would have been paid. 0 for the stop and what comes after it, and for choices that mean nothing.
 */
export class Paid {
  readonly data: Float32Array;

  constructor(
    copies: number,
    private readonly components: number,
  ) {
    this.data = new Float32Array(copies * components * PAID);
  }

  /**
   * What the words of another utterance added to the team's reward, as pay of those of this one that they point at: choices
   * `action` of copy `b` from `first` on point at this one's words.
   */
  share(b: number, other: Paid, action: Int32Array, first: number): void {
    for (let i = b * other.components; i < (b + 1) * other.components; i++) {
      const word = action[i]! - first;
      const team = other.data[i * PAID + 1]!;
      if (word >= 0 && team !== 0) this.data[(b * this.components + word) * PAID + 1] = team;
    }
  }

  /** Nothing was paid to copy `b`. */
  clear(b: number): void {
    const size = this.components * PAID;
    this.data.fill(0, b * size, (b + 1) * size);
  }

  /**
   * Pays copy `b` for the words `list[from...]`, and leaves reward and scorer at the whole of them. lengths [components]:
   * how many words there are after each choice.
   */
  pay(b: number, scorer: Scorer, list: Int32Array, from: number, lengths: Int32Array, reward: Reward): void {
    let length = 0;
    scorer.gather(list, from, 0);
    reward.judge(0);
    const { value } = reward;
    let own = value[OWN]!;
    let team = value[TEAM]!;
    for (let i = 0; i < this.components; i++) {
      if (lengths[i]! <= length) continue;
      length = lengths[i]!;
      scorer.gather(list, from, length);
      reward.judge(length);
      const at = (b * this.components + i) * PAID;
      this.data[at] = value[OWN]! - own;
      this.data[at + 1] = value[TEAM]! - team;
      own = value[OWN]!;
      team = value[TEAM]!;
    }
  }
}

/** What is paid for the text that a scorer has gathered. */
export interface Reward {
  /** The own reward, and the team's. An array, since numbers in fields of several classes are allocated when written. */
  readonly value: Float64Array;
  /** Sets both, of a text of so many words. */
  judge(words: number): void;
}

/** The summariser's, for notes about `article`: ROUGE-1 F1, less a share for their length. */
export class NotesReward implements Reward {
  article = 0;
  readonly value = new Float64Array(PAID);

  constructor(
    private readonly scorer: Scorer,
    private readonly costOfWord: number,
  ) {}

  judge(words: number): void {
    this.value[OWN] = this.scorer.rougeN(1, this.article) * (1 - this.costOfWord * words);
  }
}

/** The writer's, for a piece about `article` whose tone was told as `told`: the mean of ROUGE-1 F1 and fluency. */
export class PieceReward implements Reward {
  article = 0;
  told = 0;
  readonly value = new Float64Array(PAID);

  constructor(private readonly scorer: Scorer) {}

  judge(): void {
    const { scorer } = this;
    scorer.score(this.article, this.told);
    this.value[OWN] = (scorer.rouge1 + scorer.fluency) / 2;
    this.value[TEAM] = scorer.team;
  }
}
