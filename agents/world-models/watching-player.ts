import type { Stream } from '../../core/index.ts';
import type { Executor, Tree, Value } from '../../nn/index.ts';
import {
  actionEncoder,
  HeldParameters,
  Look,
  lookProgram,
  modelScale,
  type VaeRnn,
} from '../../worlds/models/index.ts';
import type { Collector, Player } from '../collector.ts';
import type { LinearController } from './controller.ts';

export interface WatchingPlayerOptions {
  readonly collector: Collector;
  readonly model: VaeRnn;
  readonly parameters: () => Tree<Value>;
  readonly controller: LinearController;
  /** The controller's weights as they are now. */
  readonly weights: () => ArrayLike<number>;
  readonly noise: Stream;
  readonly executor: Executor;
}

/**
 * Plays the real environment as it is: watches it through V and M, whose state it keeps for each copy, and lets the
 * controller act on their features. Follows the model and the controller as they learn.
 */
export function watchingPlayer(options: WatchingPlayerOptions): Player {
  const { collector, model, parameters, controller, weights, noise, executor } = options;
  const { B, keep } = collector;
  const { observation, actions, sizes } = collector.groups[0]!;
  const group = collector.environment.groups[0]!;
  const held = new HeldParameters(parameters);
  const look = new Look(lookProgram(model, executor), model, held, B);
  const encode = actionEncoder(group.action);
  const scale = modelScale(group.observation);
  return {
    act(t) {
      held.refresh();
      for (let b = 0; b < B; b++) {
        look.first[b] = 1 - keep[t * B + b]!;
        look.noise.draw(b, noise);
      }
      const from = t * B * sizes.D;
      for (let i = 0; i < B * sizes.D; i++) look.observation[i] = observation[from + i]! * scale;
      look.state.set(look.next);
      look.run();
      for (let b = 0; b < B; b++) controller.act(weights(), look.seen, b * model.featureSize, actions[t]!, b * sizes.A);
      encode(actions[t]!, look.action, B);
    },
  };
}
