import { viewsByPath } from '../../agents/index.ts';
import { Stream } from '../../core/index.ts';
import { type Branch, compile, type Executor, layoutOf, pack, restored, type tf } from '../../nn/index.ts';
import type { Group } from '../../worlds/index.ts';
import { checkPolicyOptions } from './check-options.ts';
import type { JointPolicy } from './joint-policy.ts';
import type { SharedValueOptions } from './options.ts';
import { PolicyNetwork } from './policy-network.ts';
import { rolesOf } from './role.ts';
import { type ActingPrograms, BatchedRoleActor } from './role-actor.ts';

type Named = Readonly<Record<string, tf.Tensor>>;

/**
 * The joint policy of these groups (roles): an encoder and a head for each, compiled once and used by all actors.
 * Errors, with JSON pointers under /learner: what the options want that these groups do not have.
 */
export function createJointPolicy(
  groups: readonly Group[],
  options: SharedValueOptions,
  executor: Executor,
): JointPolicy {
  checkPolicyOptions(options, groups);
  const roles = rolesOf(groups);
  const network = new PolicyNetwork(roles, options);
  // Only for the shapes.
  const layout = layoutOf(network.initialise(new Stream('shapes')));
  const programs = roles.map(({ group }, r): ActingPrograms => {
    const act = (isGreedy: boolean) => (inputs: Named) => {
      const parameters = restored<Branch<tf.Tensor>, tf.Tensor>('policy/', inputs) as Branch<tf.Tensor>;
      const encoded = network.encode(parameters, r, inputs);
      const noise = isGreedy ? null : inputs.noise!;
      return network.heads[r]!.draw(network.headOf(parameters, r), encoded, inputs.mask, noise);
    };
    return {
      draw: compile(act(false), { name: `${group.name}/draw`, executor }),
      greedy: compile(act(true), { name: `${group.name}/greedy`, executor }),
    };
  });
  /** The leaves that a role acts by. */
  const neededBy = (r: number, parameters: Float32Array) =>
    Object.fromEntries(
      Object.entries(viewsByPath(layout, parameters)).flatMap(([path, value]) =>
        path.startsWith(`roles/${roles[r]!.key}/`) || path.startsWith('shared/') ? [[`policy/${path}`, value]] : [],
      ),
    );
  return {
    layout,
    initialise: (stream) => pack(network.initialise(stream)).data as Float32Array,
    actor: (r, copies) =>
      new BatchedRoleActor({
        role: roles[r]!,
        reader: network.encoders[r]!.reader,
        head: network.heads[r]!,
        programs: programs[r]!,
        parameters: (vector) => neededBy(r, vector),
        copies,
      }),
    close() {
      for (const { draw, greedy } of programs) {
        draw.dispose();
        greedy.dispose();
      }
    },
  };
}
