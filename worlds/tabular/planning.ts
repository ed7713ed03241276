import { type Mdp, solveLinear } from './mdp.ts';

/** A policy with one action in each state, [S], and what it is worth there, [S]. */
export interface Plan {
  readonly policy: Int32Array;
  readonly values: Float64Array;
}

/** Gains below this are rounding, and change no policy. */
const NO_GAIN = 1e-12;

/** What a policy is worth, V: [S], exactly: V = r + discount P V solved. policy: [S]; reward: [S]. */
export function evaluatePolicy(mdp: Mdp, reward: Float64Array, policy: Int32Array, discount: number): Float64Array {
  const { states: S, actions: A, transition } = mdp;
  const system = new Float64Array(S * S);
  for (let s = 0; s < S; s++) {
    const from = (s * A + policy[s]!) * S;
    for (let next = 0; next < S; next++) system[s * S + next] = -discount * transition[from + next]!;
    system[s * S + s]! += 1;
  }
  return solveLinear(system, reward.slice());
}

/**
 * An optimal policy and its values, by policy iteration (Howard 1960): exact up to rounding. Of equals, what `first` says,
 * [S], where the search begins; by default the first action everywhere.
 */
export function optimalPlan(
  mdp: Mdp,
  reward: Float64Array,
  discount: number,
  first: Int32Array = new Int32Array(mdp.states),
): Plan {
  const policy = first.slice();
  for (;;) {
    const values = evaluatePolicy(mdp, reward, policy, discount);
    let changed = false;
    for (let s = 0; s < mdp.states; s++) {
      const best = greedyAction(mdp, values, s, policy[s]!);
      changed ||= best !== policy[s];
      policy[s] = best;
    }
    if (!changed) return { policy, values };
  }
}

/** V*: [S], by value iteration, until no state's value moves by more than `tolerance`. */
export function valueIteration(mdp: Mdp, reward: Float64Array, discount: number, tolerance = 1e-10): Float64Array {
  const { states: S, actions: A } = mdp;
  let values = new Float64Array(S);
  let next = new Float64Array(S);
  for (let moved = Number.POSITIVE_INFINITY; moved > tolerance; ) {
    moved = 0;
    for (let s = 0; s < S; s++) {
      let best = Number.NEGATIVE_INFINITY;
      for (let a = 0; a < A; a++) best = Math.max(best, expected(mdp, values, s, a));
      next[s] = reward[s]! + discount * best;
      moved = Math.max(moved, Math.abs(next[s]! - values[s]!));
    }
    [values, next] = [next, values];
  }
  return values;
}

/**
 * How much of its discounted time a policy spends in each state, [S], summing to 1:
 * d(s) = (1 - discount) sum over t of discount^t P(s_t = s). start: [S], chances.
 */
export function occupancy(mdp: Mdp, policy: Int32Array, start: Float64Array, discount: number): Float64Array {
  const { states: S, actions: A, transition } = mdp;
  const system = new Float64Array(S * S);
  for (let s = 0; s < S; s++) {
    const from = (s * A + policy[s]!) * S;
    for (let next = 0; next < S; next++) system[next * S + s] = -discount * transition[from + next]!;
  }
  for (let s = 0; s < S; s++) system[s * S + s]! += 1;
  return solveLinear(
    system,
    start.map((chance) => (1 - discount) * chance),
  );
}

/** E V(next state). */
export function expected(
  { states: S, actions: A, transition }: Mdp,
  values: Float64Array,
  s: number,
  a: number,
): number {
  const from = (s * A + a) * S;
  let sum = 0;
  for (let next = 0; next < S; next++) sum += transition[from + next]! * values[next]!;
  return sum;
}

function greedyAction(mdp: Mdp, values: Float64Array, s: number, now: number): number {
  let best = now;
  let most = expected(mdp, values, s, now) + NO_GAIN;
  for (let a = 0; a < mdp.actions; a++) {
    const worth = expected(mdp, values, s, a);
    if (worth <= most) continue;
    best = a;
    most = worth;
  }
  return best;
}
