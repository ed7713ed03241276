import type { Stream } from '../../core/index.ts';
import type { Mdp } from '../../worlds/index.ts';

/** Chances that a Poisson number of mean 1 is at most its place: how often a member sees a transition. */
const POISSON = [
  0.36787944117, 0.73575888234, 0.91969860293, 0.98101184312, 0.99634015317, 0.99940581518, 0.99991675885,
];

/**
 * The model of one level: counts of what followed, with a prior, and an ensemble whose members see each transition a
 * Poisson number of times (the bootstrap, one transition at a time) and start from priors of their own. Planning is in
 * the one model of all counts; the ensemble only says where it cannot be trusted.
 */
export class LevelModel implements Mdp {
  /** [S, A, S]: the model. */
  readonly transition: Float64Array;
  /**
   * [S, A]: half the sum over next states of the members' standard deviation, from 0 to 1: as total variation is half a
   * sum of distances.
   */
  readonly disagreement: Float64Array;
  /** [S]: visits that something followed. */
  readonly visits: Float64Array;
  totalVisits = 0;
  /** [S, A, S]: how often what followed. */
  private readonly counts: Float64Array;
  /** [S, A, S] and [S, A]: which states followed so far, rising, and how many. */
  private readonly followers: Int32Array;
  private readonly followerCount: Int32Array;
  /** [S, A]: transitions. */
  private readonly tries: Float64Array;
  /** [S, A, S, K]: how often each member saw that. */
  private readonly seen: Float64Array;
  /** [S, A, S, K]; each member's rows sum to the prior's strength. */
  private readonly priors: Float64Array;
  /** [K]: 1 / a row's counts with the prior's, while that row is computed. */
  private readonly scales: Float64Array;

  /** `random`: what the priors are drawn from, uniform over all models; undefined for one prior of all members. */
  constructor(
    readonly states: number,
    readonly actions: number,
    private readonly members: number,
    private readonly priorStrength: number,
    random: Stream | undefined,
  ) {
    const size = states * actions * states;
    this.transition = new Float64Array(size);
    this.disagreement = new Float64Array(states * actions);
    this.visits = new Float64Array(states);
    this.counts = new Float64Array(size);
    this.followers = new Int32Array(size);
    this.followerCount = new Int32Array(states * actions);
    this.tries = new Float64Array(states * actions);
    this.scales = new Float64Array(members);
    this.seen = new Float64Array(size * members);
    this.priors = this.drawPriors(random);
    for (let row = 0; row < states * actions; row++) this.refresh(row);
  }

  /** Learns from one transition. */
  observe(state: number, action: number, next: number, random: Stream): void {
    const row = state * this.actions + action;
    const at = row * this.states + next;
    if (this.counts[at] === 0) this.addFollower(row, next);
    this.counts[at]!++;
    this.tries[row]!++;
    this.visits[state]!++;
    this.totalVisits++;
    for (let i = at * this.members; i < (at + 1) * this.members; i++) this.seen[i]! += poisson(random);
    this.refresh(row);
  }

  /**
   * The mean of `values`, [S], over what follows row `state * A + action`; `total` is their sum. All states follow with
   * the prior's even chance, so only those that did follow are looked at one by one.
   */
  expected(values: Float64Array, total: number, row: number): number {
    const { states, counts, followers, priorStrength } = this;
    const from = row * states;
    let sum = (priorStrength / states) * total;
    for (let i = from; i < from + this.followerCount[row]!; i++) {
      const next = followers[i]!;
      sum += counts[from + next]! * values[next]!;
    }
    return sum / (this.tries[row]! + priorStrength);
  }

  /** Draws what follows row `state * A + action` in the model. */
  draw(row: number, random: Stream): number {
    const { states, counts, followers, priorStrength } = this;
    const from = row * states;
    let left = random.uniform() * (this.tries[row]! + priorStrength);
    for (let i = from; i < from + this.followerCount[row]!; i++) {
      left -= counts[from + followers[i]!]!;
      if (left < 0) return followers[i]!;
    }
    return Math.min(states - 1, Math.floor((left / priorStrength) * states));
  }

  /** [S, A, S, 1 + K]: everything learned, whole numbers: the counts, and what each member saw. */
  save(): Int32Array {
    const { counts, seen, members } = this;
    return Int32Array.from({ length: counts.length * (1 + members) }, (_, i) => {
      const [at, k] = [Math.floor(i / (1 + members)), i % (1 + members)];
      return k === 0 ? counts[at]! : seen[at * members + k - 1]!;
    });
  }

  load(saved: ArrayLike<number>): void {
    const { states, actions, counts, seen, members, visits } = this;
    const size = counts.length;
    for (let at = 0; at < size; at++) {
      counts[at] = saved[at * (1 + members)]!;
      for (let k = 0; k < members; k++) seen[at * members + k] = saved[at * (1 + members) + 1 + k]!;
    }
    visits.fill(0);
    for (let i = 0; i < size; i++) visits[Math.floor(i / (states * actions))]! += counts[i]!;
    this.followerCount.fill(0);
    this.tries.fill(0);
    for (let i = 0; i < size; i++) {
      if (counts[i] === 0) continue;
      const row = Math.floor(i / states);
      this.followers[row * states + this.followerCount[row]!++] = i % states;
      this.tries[row]! += counts[i]!;
    }
    this.totalVisits = visits.reduce((sum, count) => sum + count, 0);
    for (let row = 0; row < states * actions; row++) this.refresh(row);
  }

  private addFollower(row: number, state: number): void {
    const from = row * this.states;
    let at = from + this.followerCount[row]!++;
    for (; at > from && this.followers[at - 1]! > state; at--) this.followers[at] = this.followers[at - 1]!;
    this.followers[at] = state;
  }

  /** Rows are uniform over all chances (Dirichlet of ones), or all even. */
  private drawPriors(random: Stream | undefined): Float64Array {
    const { states, actions, members, priorStrength } = this;
    const priors = new Float64Array(this.seen.length).fill(priorStrength / states);
    if (random === undefined) return priors;
    const row = new Float64Array(states);
    for (let k = 0; k < members; k++) {
      for (let from = 0; from < states * actions * states; from += states) {
        let total = 0;
        for (let s = 0; s < states; s++) {
          row[s] = -Math.log(1 - random.uniform());
          total += row[s]!;
        }
        for (let s = 0; s < states; s++) priors[(from + s) * members + k] = (row[s]! * priorStrength) / total;
      }
    }
    return priors;
  }

  /** Computes a row of the model and its disagreement from the counts alone. */
  private refresh(row: number): void {
    const { states, members, counts, seen, priors, priorStrength, transition, scales } = this;
    const from = row * states;
    const total = this.tries[row]! + priorStrength;
    scales.fill(priorStrength);
    for (let s = from; s < from + states; s++) {
      transition[s] = (counts[s]! + priorStrength / states) / total;
      // What nobody saw followed, no member saw.
      if (counts[s] === 0) continue;
      for (let k = 0; k < members; k++) scales[k]! += seen[s * members + k]!;
    }
    for (let k = 0; k < members; k++) scales[k] = 1 / scales[k]!;
    let spread = 0;
    for (let s = from; s < from + states; s++) {
      let [sum, squares] = [0, 0];
      for (let k = 0; k < members; k++) {
        const at = s * members + k;
        const chance = (seen[at]! + priors[at]!) * scales[k]!;
        sum += chance;
        squares += chance * chance;
      }
      const mean = sum / members;
      spread += Math.sqrt(Math.max(0, squares / members - mean * mean));
    }
    this.disagreement[row] = spread / 2;
  }
}

function poisson(random: Stream): number {
  const u = random.uniform();
  let n = 0;
  while (n < POISSON.length && u >= POISSON[n]!) n++;
  return n;
}
