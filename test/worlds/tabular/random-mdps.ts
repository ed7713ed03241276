import assert from 'node:assert/strict';
import { type Stream, stream } from '../../../core/index.ts';
import type { Mdp } from '../../../worlds/index.ts';

/** Rows of chances from exponential deviates to the power `sharp`: the higher, the closer to a single next state. */
export function randomMdp(seed: number, random: Stream = stream(seed, 'mdp')): Mdp {
  const states = 2 + random.integer(7);
  const actions = 2 + random.integer(3);
  const sharp = 1 + 4 * random.uniform();
  const transition = new Float64Array(states * actions * states);
  for (let row = 0; row < states * actions; row++) fillRow(transition, row * states, states, sharp, random);
  return { states, actions, transition };
}

/** The model with each row mixed with a random one, by a share of its own up to `most`. */
export function disturbed(mdp: Mdp, most: number, random: Stream): Mdp {
  const { states, actions } = mdp;
  const transition = mdp.transition.slice();
  const other = new Float64Array(states);
  for (let row = 0; row < states * actions; row++) {
    fillRow(other, 0, states, 3, random);
    const share = most * random.uniform();
    for (let s = 0; s < states; s++) {
      transition[row * states + s] = (1 - share) * transition[row * states + s]! + share * other[s]!;
    }
  }
  return { states, actions, transition };
}

function fillRow(out: Float64Array, at: number, states: number, sharp: number, random: Stream): void {
  let total = 0;
  for (let s = 0; s < states; s++) {
    out[at + s] = (-Math.log(1 - random.uniform())) ** sharp;
    total += out[at + s]!;
  }
  for (let s = 0; s < states; s++) out[at + s]! /= total;
}

/** [S], in [0, 1]. */
export function randomReward(seed: number, states: number, random: Stream = stream(seed, 'reward')): Float64Array {
  return Float64Array.from({ length: states }, () => random.uniform());
}

export function near(got: ArrayLike<number>, wanted: ArrayLike<number>, within = 1e-12): void {
  assert.equal(got.length, wanted.length);
  for (let i = 0; i < got.length; i++) {
    const allowed = within * (1 + Math.abs(wanted[i]!));
    assert.ok(Math.abs(got[i]! - wanted[i]!) <= allowed, `[${i}] is ${got[i]}, wanted ${wanted[i]}`);
  }
}
