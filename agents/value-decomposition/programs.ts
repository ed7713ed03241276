import {
  applyUpdates,
  chain,
  clipByGlobalNorm,
  compile,
  type Executor,
  fromLeaves,
  globalNorm,
  type Layout,
  leaves,
  type Program,
  scaleByAdam,
  scaleByLearningRate,
  scaleByRms,
  type Transform,
  type TransformState,
  type Tree,
  tf,
  unpackTensors,
} from '../../nn/index.ts';
import type { Memory } from '../body.ts';
import type { Mixer } from './mixer.ts';
import type { QNetwork } from './network.ts';
import type { ValueDecompositionOptions } from './options.ts';

type Named = Readonly<Record<string, tf.Tensor>>;
type Branches = { readonly [name: string]: Tree<tf.Tensor> };

/** What programs need to know of a unit. `n` agents, `D` observation numbers, `M` mask entries. */
export interface ProgramUnit {
  readonly name: string;
  readonly network: QNetwork;
  readonly n: number;
  readonly D: number;
  readonly M: number;
}

/** The compiled programs. Parameters enter leaf by leaf where they are only read, and as one vector where they change. */
export interface ValuePrograms {
  /** One step of each unit: the best legal actions, int32 [B, n]. With memory, also what is remembered. */
  readonly act: readonly Program[];
  /** The gradient and the metrics of (a shard of) a batch. Over shards, both add up. */
  readonly gradient: Program;
  /** One optimiser step from a gradient. */
  readonly apply: Program;
  /** `gradient` and `apply` in one. */
  readonly update: Program;
}

/** The names of the metrics of `gradient`, in order. */
export const METRICS = ['loss/td', 'q/mean', 'q/target'] as const;

/** What illegal actions are worth (PyMARL's number): less than anything, and still a number. */
const ILLEGAL = -9999999;

/** Clip, RMSProp or Adam, rate; on one flat vector. */
export function valueOptimiser(options: ValueDecompositionOptions): Transform {
  const { optimiserEpsilon: epsilon, rmsDecay: decay } = options;
  return chain(
    clipByGlobalNorm(options.maximumGradientNorm),
    options.optimiser === 'adam' ? scaleByAdam({ epsilon }) : scaleByRms({ decay, epsilon }),
    scaleByLearningRate(options.learningRate),
  );
}

/** Numbers that an agent's network sees: its observation, its last action, its index. */
export function inputSize(
  { n, D, actions }: { readonly n: number; readonly D: number; readonly actions: number },
  { lastAction, agentIndex }: Pick<ValueDecompositionOptions, 'lastAction' | 'agentIndex'>,
): number {
  return D + (lastAction ? actions : 0) + (agentIndex && n > 1 ? n : 0);
}

export function createValuePrograms(
  units: readonly ProgramUnit[],
  mixer: Mixer,
  layout: Layout,
  options: ValueDecompositionOptions,
  executor: Executor,
): ValuePrograms {
  /** What networks see. observation: [R, n * D], last: int32 [R, n], -1 where there is none -> [R * n, inputs]. */
  const seen = ({ n, D, network }: ProgramUnit, observation: tf.Tensor, last: tf.Tensor | undefined): tf.Tensor => {
    const rows = observation.shape[0]!;
    const parts = [tf.reshape(observation, [rows * n, D])];
    if (last !== undefined) parts.push(tf.reshape(choiceOf(last, network.actions), [rows * n, network.actions]));
    if (options.agentIndex && n > 1) parts.push(tf.tile(tf.eye(n), [rows, 1]));
    return parts.length === 1 ? parts[0]! : tf.concat(parts, 1);
  };

  const act =
    (unit: ProgramUnit) =>
    (inputs: Named): Named => {
      const { n, M, network } = unit;
      const rows = inputs.observation!.shape[0]!;
      const memory: Memory | undefined =
        inputs.memory === undefined
          ? undefined
          : {
              state: inputs.memory,
              keep: tf.reshape(tf.tile(tf.reshape(inputs.keep!, [-1, 1]), [1, n]), [-1, 1]),
              steps: 1,
            };
      const x = seen(unit, inputs.observation!, inputs.lastAction);
      const { values, memory: after } = network.values(branch(inputs, 'network'), x, memory);
      const mask = M === 0 ? undefined : tf.reshape(inputs.mask!, [-1, M]);
      const action = tf.reshape(tf.argMax(onlyLegal(values, mask), 1), [rows, n]);
      return after === undefined ? { action } : { action, memory: after };
    };

  /** Q of all actions of a unit at all steps: [(L + 1) * b, n, A]. */
  const unroll = (unit: ProgramUnit, u: number, tree: Branches, inputs: Named, steps: number): tf.Tensor => {
    const { n, network } = unit;
    const observation = inputs[`observation/${u}`]!;
    const rows = observation.shape[0]!;
    const episodes = rows / (steps + 1);
    const before = tf.fill([episodes, n], -1, 'int32');
    const last = options.lastAction ? tf.concat([before, inputs[`action/${u}`]!], 0) : undefined;
    const memory =
      network.memorySize === 0
        ? undefined
        : {
            state: tf.zeros([episodes * n, network.memorySize]),
            keep: tf.ones([rows * n, 1]),
            steps: steps + 1,
          };
    const parameters = (tree.agents as Branches)[u]!;
    const { values } = network.values(parameters, seen(unit, observation, last), memory);
    return tf.reshape(values, [rows, n, network.actions]);
  };

  const gradient = (inputs: Named): { gradient: tf.Tensor1D; metrics: tf.Scalar[] } => {
    const { reward, weight, bootstrap, alive, goesOn, share } = inputs as Record<string, tf.Tensor>;
    const rows = reward!.shape[0]!;
    const episodes = inputs['observation/0']!.shape[0]! - rows;
    const steps = rows / episodes;
    const now = (x: tf.Tensor): tf.Tensor => tf.slice(x, 0, rows);
    const next = (x: tf.Tensor): tf.Tensor => tf.slice(x, episodes, rows);
    // Without a state of the environment's own: everyone's observations side by side.
    const observed = (): tf.Tensor => sideBySide(units.map((_, u) => inputs[`observation/${u}`]!));
    const state = mixer.needsState ? (inputs.state ?? observed()) : undefined;
    const mix = (tree: Branches, q: tf.Tensor, cut: (x: tf.Tensor) => tf.Tensor): tf.Tensor =>
      mixer.mix(tree.mixer ?? {}, q, state === undefined ? undefined : cut(state));

    /** The Q of what was done, mixed: [rows, k]. The dead count 0. */
    const chosen = (tree: Branches): tf.Tensor => {
      const each = units.map((unit, u) => {
        const values = now(unroll(unit, u, tree, inputs, steps));
        return tf.sum(tf.mul(values, choiceOf(inputs[`action/${u}`]!, unit.network.actions)), 2);
      });
      return mix(tree, tf.mul(sideBySide(each), alive!), now);
    };

    const named = leaves<tf.Tensor>(unpackTensors(inputs.parameters as tf.Tensor1D, layout) as Tree<tf.Tensor>);
    const online = fromLeaves(named) as Branches;
    const target = unpackTensors(inputs.target as tf.Tensor1D, layout) as Branches;

    /** What the best next actions are worth to the target networks, mixed: [rows, k]. */
    const valued = (): tf.Tensor => {
      const each = units.map((unit, u) => {
        const mask =
          unit.M === 0 ? undefined : tf.reshape(next(inputs[`mask/${u}`]!), [rows, unit.n, unit.network.actions]);
        const values = onlyLegal(next(unroll(unit, u, target, inputs, steps)), mask);
        if (!options.doubleQ) return tf.max(values, 2);
        const liked = onlyLegal(next(unroll(unit, u, online, inputs, steps)), mask);
        return tf.sum(tf.mul(values, choiceOf(tf.argMax(liked, 2), unit.network.actions)), 2);
      });
      return mix(target, tf.mul(sideBySide(each), goesOn!), next);
    };
    const wanted = tf.add(reward!, tf.mul(tf.mul(bootstrap!, options.discount), valued()));

    const mean = (term: tf.Tensor): tf.Scalar => tf.mul<tf.Scalar>(tf.sum(tf.mul(term, weight!)), share!);
    const loss = (q: tf.Tensor): tf.Scalar => mean(tf.square(tf.sub(q, wanted)));
    const grads = tf.grads((...given: tf.Tensor[]) =>
      loss(chosen(fromLeaves(named.map(([path], i) => [path, given[i]!])) as Branches)),
    )(named.map(([, leaf]) => leaf));
    // Autodiff keeps nothing for us; measured again, compiled programs share the nodes (common subexpressions).
    const q = chosen(online);
    return {
      gradient: tf.concat1d(grads.map((leaf) => tf.reshape<tf.Rank.R1>(leaf, [-1]))),
      metrics: [loss(q), mean(q), mean(wanted)],
    };
  };

  const apply = (inputs: Named, vector: tf.Tensor): Record<string, tf.Tensor> => {
    const optimiser = valueOptimiser(options);
    const state = branch(inputs, 'optimiser') as TransformState;
    const stepped = optimiser.update(vector, state, inputs.parameters!);
    const outputs: Record<string, tf.Tensor> = {
      parameters: applyUpdates(inputs.parameters!, stepped.updates) as tf.Tensor,
      norm: globalNorm(vector),
    };
    for (const [path, leaf] of leaves<tf.Tensor>(stepped.state)) outputs[`optimiser/${path}`] = leaf;
    return outputs;
  };

  const named = (name: string): { name: string; executor: Executor } => ({ name: `${options.name}/${name}`, executor });
  return {
    act: units.map((unit) => compile(act(unit), named(`act/${unit.name}`))),
    gradient: compile((inputs) => {
      const { gradient: vector, metrics } = gradient(inputs);
      return { gradient: vector, metrics: tf.stack(metrics) };
    }, named('gradient')),
    apply: compile((inputs) => apply(inputs, inputs.gradient!), named('apply')),
    update: compile((inputs) => {
      const { gradient: vector, metrics } = gradient(inputs);
      return { ...apply(inputs, vector), metrics: tf.stack(metrics) };
    }, named('update')),
  };
}

/** int32 [...] -> [..., A]: 1 at the action, 0 elsewhere; all 0 for an action of -1. */
function choiceOf(action: tf.Tensor, actions: number): tf.Tensor {
  return tf.cast(tf.equal(tf.expandDims(action, -1), tf.range(0, actions, 1, 'int32')), 'float32');
}

function onlyLegal(values: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  return mask === undefined ? values : tf.where(mask, values, tf.fill(values.shape, ILLEGAL));
}

function sideBySide(parts: readonly tf.Tensor[]): tf.Tensor {
  return parts.length === 1 ? parts[0]! : tf.concat([...parts], 1);
}

/** The tree of the inputs whose names start with `name/`. */
function branch(inputs: Named, name: string): Tree<tf.Tensor> {
  return fromLeaves(
    Object.entries(inputs).flatMap(([path, leaf]): [string, tf.Tensor][] =>
      path.startsWith(`${name}/`) ? [[path.slice(name.length + 1), leaf]] : [],
    ),
  );
}
