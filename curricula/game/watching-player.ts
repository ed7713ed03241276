import { Collector, type Player } from '../../agents/index.ts';
import type { Stream } from '../../core/index.ts';
import type { Program, Tree, Value } from '../../nn/index.ts';
import type { BatchedEnvironment, Group } from '../../worlds/index.ts';
import { actionEncoder, HeldParameters, Look, modelScale, type WorldModel } from '../../worlds/models/index.ts';

export interface Watching {
  readonly model: WorldModel;
  /** `lookProgram` of the model. */
  readonly program: Program;
  readonly parameters: () => Tree<Value>;
  /** Of the protagonist, who sees features. */
  readonly group: Group;
  /** Draws what the model needs to look. */
  readonly noise: Stream;
}

/**
 * Plays where there are observations with a player who sees features: a model looks on and tells what it makes of them.
 * collector: of one step at a time. `inner` makes the player, for a collector that holds the features.
 */
export function watchingPlayer(
  collector: Collector,
  { model, program, parameters, group, noise }: Watching,
  inner: (seen: Collector) => Player,
): Player {
  const { B, keep, groups } = collector;
  const [rollout] = groups;
  const held = new HeldParameters(parameters);
  const look = new Look(program, model, held, B);
  const scale = modelScale(collector.environment.groups[0]!.observation);
  const encode = actionEncoder(group.action);
  const seen = new Collector(shown(B, group), 1);
  const [features] = seen.groups;
  const player = inner(seen);
  const D = rollout!.sizes.D;
  look.terminal.fill(0);
  return {
    act(t) {
      let begins = false;
      for (let b = 0; b < B; b++) {
        const isFirst = keep[t * B + b] === 0;
        begins ||= isFirst;
        look.first[b] = isFirst ? 1 : 0;
        look.reward[b] = isFirst ? 0 : rollout!.reward[b]!;
        if (isFirst) look.action.fill(0, b * model.actionSize, (b + 1) * model.actionSize);
        look.noise.draw(b, noise);
      }
      for (let i = 0; i < B * D; i++) look.observation[i] = rollout!.observation[t * B * D + i]! * scale;
      if (begins) held.refresh();
      look.run();
      look.state.set(look.next);
      for (let i = 0; i < B * model.featureSize; i++) features!.observation[i] = look.seen[i]!;
      for (let b = 0; b < B; b++) seen.keep[b] = keep[t * B + b]!;
      player.act(0);
      const actions = features!.actions[0]!;
      rollout!.action.set(actions, t * actions.length);
      encode(actions, look.action, B);
    },
  };
}

/** Nothing but spaces: what is seen of it is written by others. */
function shown(batchSize: number, group: Group): BatchedEnvironment {
  return { batchSize, groups: [group], stateSize: 0, reset() {}, step() {}, snapshot: () => null, restore() {} };
}
