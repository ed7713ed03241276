/** Environments whose every number is known beforehand, and a look at what passes between an environment and an agent. */
import type { Checkpoint, LearnerOptions, PpoNetworkOptions, PpoOptions, Training } from '../../agents/index.ts';
import { createTraining, ppoDefaults, type TrainingSpec } from '../../agents/index.ts';
import {
  type BatchedEnvironment,
  batch,
  box,
  discrete,
  type Environment,
  type GroupOutput,
  type Space,
  type SpaceValue,
} from '../../worlds/index.ts';

/** A world told in advance: what is seen, paid and ended follows from the clock `t` (and, for pay, the action). */
export interface Story {
  readonly agents?: readonly string[];
  /** Numbers of an observation. */
  readonly width: number;
  /** Default: two choices. */
  readonly action?: Space;
  readonly see: (t: number, agent: number) => readonly number[];
  readonly pay: (t: number, agent: number, action: SpaceValue) => number;
  /** What step `t` (from 0) does to an agent. */
  readonly end: (t: number, agent: number) => 'terminated' | 'truncated' | null;
  readonly legal?: (t: number, agent: number) => readonly number[];
}

export function tell(story: Story): (copies: number) => BatchedEnvironment {
  return (copies) => batch(() => single(story), copies);
}

function single({ agents = ['agent_0'], width, action = discrete(2), see, pay, end, legal }: Story): Environment {
  let t = 0;
  let living: readonly number[] = [];
  const named = <X>(indices: readonly number[], give: (agent: number) => X): Record<string, X> =>
    Object.fromEntries(indices.map((agent) => [agents[agent]!, give(agent)]));
  const present = (indices: readonly number[], time: number) => ({
    observations: named(indices, (agent) => Float32Array.from(see(time, agent))),
    ...(legal === undefined ? {} : { actionMasks: named(indices, (agent) => legal(time, agent)) }),
  });
  return {
    agents,
    spaces: named([...agents.keys()], () => ({ observation: box([width], -1000, 1000), action })),
    reset() {
      t = 0;
      living = [...agents.keys()];
      return present(living, 0);
    },
    step(actions) {
      const before = living;
      const now = t++;
      living = before.filter((agent) => end(now, agent) === null);
      return {
        ...present(before, t),
        rewards: named(before, (agent) => pay(now, agent, actions[agents[agent]!]!)),
        terminated: named(before, (agent) => end(now, agent) === 'terminated'),
        truncated: named(before, (agent) => end(now, agent) === 'truncated'),
      };
    },
  };
}

/** One step of a batched environment with one group, copied. `observation`, `mask`, `alive`: what was acted on. */
export interface Seen extends Omit<GroupOutput, 'actionMask'> {
  readonly mask: Uint8Array;
  readonly action: readonly number[];
  /** What is seen next. */
  readonly next: Float32Array;
}

/** Environments that write down what the last one to be reset went through. */
export function watched(make: (copies: number) => BatchedEnvironment): {
  readonly make: (copies: number) => BatchedEnvironment;
  readonly log: Seen[];
} {
  const log: Seen[] = [];
  let last: { observation: Float32Array; mask: Uint8Array; alive: Uint8Array };
  const keep = (out: GroupOutput): void => {
    last = { observation: out.observation.slice(), mask: out.actionMask.slice(), alive: out.alive.slice() };
  };
  return {
    log,
    make: (copies) => {
      const inner = make(copies);
      return Object.assign(Object.create(inner) as BatchedEnvironment, {
        reset(seed: number, output: readonly GroupOutput[]) {
          log.length = 0;
          inner.reset(seed, output);
          keep(output[0]!);
        },
        step(...[actions, output]: Parameters<BatchedEnvironment['step']>) {
          const before = last;
          inner.step(actions, output);
          const out = output[0]!;
          keep(out);
          log.push({
            ...before,
            action: [...actions[0]!],
            next: last.observation,
            reward: out.reward.slice(),
            terminated: out.terminated.slice(),
            truncated: out.truncated.slice(),
            finalObservation: out.finalObservation.slice(),
          });
        },
      });
    },
  };
}

/** PPO without what makes numbers hard to follow: one epoch, one minibatch, nothing normalised, no schedule. */
export const plain: PpoOptions = {
  ...ppoDefaults,
  rollout: 8,
  epochs: 1,
  minibatches: 1,
  chunk: 4,
  schedule: 'constant',
  valueClip: null,
  normaliseAdvantages: 'none',
};

export function network(change: Partial<PpoNetworkOptions> = {}): PpoNetworkOptions {
  return { ...ppoDefaults.network, hidden: [8], ...change };
}

type SpecOf = Pick<TrainingSpec, 'make'> & Partial<TrainingSpec> & { readonly learner: LearnerOptions };

/** A training on compiled programs; what is not said is a small default. */
export function training(spec: SpecOf): Promise<Training> {
  return createTraining({ seed: 1, steps: 1e6, copies: 2, executor: 'onnx', device: 'cpu', threads: 1, ...spec });
}

/** Through text and fresh arrays, as a file would. */
export function throughFile({ tensors, state }: Checkpoint): Checkpoint {
  return {
    tensors: Object.fromEntries(
      Object.entries(tensors).map(([name, value]) => [
        name,
        { dtype: value.dtype, shape: [...value.shape], data: value.data.slice() },
      ]),
    ),
    state: JSON.parse(JSON.stringify(state)),
  };
}

/** The parameters of a unit in a checkpoint, by their path in the networks: `actor/head/bias`. Views. */
export function parametersOf({ tensors }: Checkpoint, unit: string): Record<string, Float32Array> {
  const prefix = `${unit}/parameters/`;
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, { data }]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), data as Float32Array] as const] : [],
    ),
  );
}

/** Overwrites parameters of a unit; all of an array, or element by element. */
export function setParameters(
  given: Training,
  unit: string,
  change: (path: string, data: Float32Array) => ArrayLike<number> | number | undefined,
): void {
  const checkpoint = throughFile(given.save());
  for (const [path, data] of Object.entries(parametersOf(checkpoint, unit))) {
    const now = change(path, data);
    if (typeof now === 'number') data.fill(now);
    else if (now !== undefined) data.set(now);
  }
  given.load(checkpoint);
}
