/** Small games whose best joint action, and whose best factored approximation, are known. */
import { type BatchedEnvironment, batch, box, discrete, type Environment } from '../../../worlds/index.ts';

/** What the two get for their joint action: `payoff[first][second]`. */
export type Payoff = readonly (readonly number[])[];

const AGENTS = ['first', 'second'] as const;

/** What follows a joint action: the pay, and the next situation, or null at the end. */
export interface Outcome {
  readonly pay: number;
  readonly next: number | null;
}

/** Both see which situation they are in, one-hot, and are paid half of `pay` each. */
export function game(
  situations: number,
  choices: number,
  play: (situation: number, first: number, second: number) => Outcome,
  maximumSteps: number,
): (copies: number) => BatchedEnvironment {
  const single = (): Environment => {
    let now = 0;
    const seen = (): Float32Array => Float32Array.from({ length: situations }, (_, i) => (i === now ? 1 : 0));
    const named = <X>(value: X): Record<string, X> => Object.fromEntries(AGENTS.map((agent) => [agent, value]));
    return {
      agents: AGENTS,
      maximumSteps,
      spaces: named({ observation: box([situations], 0, 1), action: discrete(choices) }),
      reset() {
        now = 0;
        return { observations: { first: seen(), second: seen() } };
      },
      step(actions) {
        const { pay, next } = play(now, actions.first as number, actions.second as number);
        if (next !== null) now = next;
        return {
          observations: { first: seen(), second: seen() },
          rewards: named(pay / 2),
          terminated: named(next === null),
          truncated: named(false),
        };
      },
    };
  };
  return (copies) => batch(single, copies);
}

/** One joint action, and its pay. */
export const matrixGame = (payoff: Payoff): ((copies: number) => BatchedEnvironment) =>
  game(1, payoff.length, (_, first, second) => ({ pay: payoff[first]![second]!, next: null }), 1);

/** In the two-step game: what is paid in situation 2B. In 2A it is 7, whatever they do. */
export const TWO_B: Payoff = [
  [0, 1],
  [1, 8],
];

/**
 * The two-step game of the QMIX paper (Rashid et al. 2018, section 6.1, table 1): the first agent's first action leads
 * to situation 2A or 2B. A sum cannot represent the pay of 2B, and its best fit makes 2A look better.
 */
export const twoStepGame = game(
  3,
  2,
  (situation, first, second) =>
    situation === 0 ? { pay: 0, next: 1 + first } : { pay: situation === 1 ? 7 : TWO_B[first]![second]!, next: null },
  2,
);
