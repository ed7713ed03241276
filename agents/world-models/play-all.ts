import { stream } from '../../core/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import { evaluatePlayer, type PlayerFactory } from '../evaluate.ts';
import { randomPlayer } from '../random-player.ts';
import type { Evaluation } from '../training.ts';
import type { LinearController } from './controller.ts';
import type { WorldModelsOptions } from './options.ts';

/** A controller as it is now, and where it can play. */
export interface Contestant {
  readonly name: string;
  readonly controller: LinearController;
  readonly weights: ArrayLike<number>;
  /** The real environment, seen through the model. */
  readonly reality: (copies: number) => BatchedEnvironment;
  /** The dream that it was trained in, at that dream's own temperature. */
  readonly dream: ((copies: number) => BatchedEnvironment) | null;
}

/**
 * Plays whole episodes with all controllers and baselines. Scores: `name/real` and `name/dream`, means of episodes, and
 * `-std` behind each. The evaluation itself is that of the first contestant, in reality.
 */
export async function playAll(
  contestants: readonly Contestant[],
  baselines: WorldModelsOptions['baselines'],
  make: (copies: number) => BatchedEnvironment,
  { episodes, seed }: { readonly episodes: number; readonly seed: number },
): Promise<Evaluation> {
  const scores: Record<string, number> = {};
  const play = async (
    name: string,
    from: (copies: number) => BatchedEnvironment,
    factory: PlayerFactory,
  ): Promise<Evaluation> => {
    const found = await evaluatePlayer(from, episodes, seed, factory);
    scores[name] = found.return.mean;
    scores[`${name}-std`] = found.return.std;
    return found;
  };
  let main: Evaluation | undefined;
  for (const { name, controller, weights, reality, dream } of contestants) {
    const found = await play(`${name}/real`, reality, controlled(controller, weights));
    main ??= found;
    if (dream !== null) await play(`${name}/dream`, dream, controlled(controller, weights));
  }
  const noise = stream(seed, 'evaluation/noise');
  for (const [name, choice] of Object.entries(baselines)) {
    const factory: PlayerFactory = choice === 'random' ? (other) => randomPlayer(other, () => noise) : always(choice);
    await play(`${name}/real`, make, factory);
  }
  return { ...main!, scores: { ...main!.scores, ...scores } };
}

/** Plays where observations are the model's features. */
function controlled(controller: LinearController, weights: ArrayLike<number>): PlayerFactory {
  return ({ groups: [rollout], B }) => {
    const { observation, sizes, actions } = rollout!;
    return {
      act(t) {
        for (let b = 0; b < B; b++)
          controller.act(weights, observation, (t * B + b) * sizes.D, actions[t]!, b * sizes.A);
      },
    };
  };
}

function always(choice: number): PlayerFactory {
  return ({ groups: [rollout] }) => ({
    act(t) {
      rollout!.actions[t]!.fill(choice);
    },
  });
}
