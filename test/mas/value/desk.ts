import { stream } from '../../../core/index.ts';
import type { SharedValueOptions } from '../../../mas/value/index.ts';
import {
  box,
  dict,
  discrete,
  type FeedbackKind,
  flatten,
  type Group,
  groupSizes,
  multiDiscrete,
  text,
} from '../../../worlds/index.ts';
import { emptyRound, plain } from './rig.ts';

const WORDS = 4;

/** Choices of each word of an utterance. */
export const pick = 1 + WORDS;

/** One who points at words, two who choose, one who turns a dial. */
export const desk: Group[] = [
  {
    name: 'summariser',
    agents: ['summariser'],
    observation: dict({ article: text(24), facts: box([WORDS, 2], -9, 9), length: box([1], 0, 9) }),
    action: multiDiscrete([pick, pick], { first: 1, to: 'article', features: 'facts' }),
    masked: true,
  },
  {
    name: 'analyst',
    agents: ['first', 'second'],
    observation: dict({ note: text(12), mood: discrete(3) }),
    action: discrete(3),
    masked: true,
  },
  { name: 'printer', agents: ['printer'], observation: box([2], -1, 1), action: box([1], -5, 5), masked: false },
];

export const kinds: FeedbackKind[] = [
  { from: 'first', about: 'summariser', meaning: 'how much was of use', low: 0, high: 1 },
  { from: 'printer', about: 'second', meaning: 'how well it fitted', low: -1, high: 1 },
];

/** Steps and copies of its rounds. */
export const T = 4;
export const B = 4;

/** Options of a learner that reads. */
export const reading: SharedValueOptions = {
  ...plain,
  encoder: { kind: 'backbone', width: 8, layers: 1, heads: 2, vocabulary: 32, words: 128, wordDropout: 0, dropout: 0 },
  rollout: T,
  minibatches: 1,
  learningRate: 0.01,
};

/** A round of everything: words, feedback, endings of both kinds, a death, agents with nothing to decide. */
export function eventful(
  groups: readonly Group[],
  said: readonly FeedbackKind[],
  seed: number,
): ReturnType<typeof emptyRound> {
  const random = stream(seed, 'round');
  const round = emptyRound(groups, T, B, said);
  const names = ['Oil', 'falls', 'again', 'In', 'May', '12', 'ships'];
  for (const [g, group] of groups.entries()) {
    const { agents: N, observation: D, mask: M } = groupSizes(group);
    const { observation, finalObservation, actionMask, reward, alive, terminated, truncated } = round.groups[g]!;
    for (const seen of [observation, finalObservation]) {
      for (let at = 0; at < seen.length; at += D) {
        const words = Array.from({ length: 1 + random.integer(WORDS) }, () => names[random.integer(names.length)]!);
        const numbers = (n: number): number[] => Array.from({ length: n }, () => random.normal());
        const value =
          g === 0
            ? { article: words.join(' '), facts: numbers(2 * WORDS), length: numbers(1) }
            : { note: words.join(' ').slice(0, 12), mood: random.integer(3) };
        if (group.observation.type === 'dict') flatten(group.observation, value, seen, at);
        else seen.set(numbers(D), at);
      }
    }
    for (let i = 0; i < reward.length; i++) reward[i] = random.normal();
    // Every third time there is no choice but the first: in all rounds alike, so that programs fit all of them.
    for (let cell = 0; M > 0 && cell < alive.length; cell++) {
      if (cell % 3 > 0) continue;
      for (let i = 0; i < M; i++) actionMask[cell * M + i] = i % (g === 0 ? pick : M) === 0 ? 1 : 0;
    }
    // Copy 0 ends at step 1, copy 1 is cut off at step 2; in copy 2 the last agent of a group dies at step 0.
    for (let n = 0; n < N; n++) {
      terminated[(1 * B + 0) * N + n] = 1;
      truncated[(2 * B + 1) * N + n] = 1;
    }
    if (g === 1) {
      terminated[(0 * B + 2) * N + N - 1] = 1;
      for (let t = 1; t <= T; t++) alive[(t * B + 2) * N + N - 1] = 0;
    }
  }
  for (let i = 0; i < round.teamReward.length; i++) round.teamReward[i] = random.normal();
  for (let i = 0; i < round.said.length; i++) {
    round.said[i] = random.integer(2);
    round.feedback[i] = round.said[i]! * random.uniform();
  }
  return round;
}
