/** What the tests of reinforcement have in common: a tiny generalist, a rollout of it, and its values the slow way. */
import { Collector } from '../../../agents/collector.ts';
import { parameterInputs } from '../../../agents/gato/acting-programs.ts';
import type { GatoModel, GatoOf } from '../../../agents/gato/model.ts';
import { type ReinforcementOptions, reinforcementDefaults } from '../../../agents/gato/options.ts';
import { createGatoPlayer } from '../../../agents/gato/player.ts';
import { ReinforcementGroup } from '../../../agents/gato/reinforcement-group.ts';
import { reinforcementOptimiser } from '../../../agents/gato/reinforcement-programs.ts';
import type { TokenInputs } from '../../../agents/gato/token-inputs.ts';
import { LearnerState } from '../../../agents/learner-state.ts';
import { type StepTokens, TokenBuffer } from '../../../agents/tokens/index.ts';
import { stream } from '../../../core/index.ts';
import {
  compile,
  fromLeaves,
  layoutOf,
  leaves,
  onnxExecutor,
  type Program,
  pack,
  restored,
  type tf,
  type Value,
  type Values,
} from '../../../nn/index.ts';
import type { BatchedEnvironment, Environment } from '../../../worlds/index.ts';
import { PATCH, rowsOf, tinyGato, tokensOf } from './whole-rows.ts';

export const executor = onnxExecutor();

export function optionsOf(options: Partial<ReinforcementOptions>): ReinforcementOptions {
  return { ...reinforcementDefaults, task: 'tiny', after: 0, ...options };
}

/** The tiny generalist as it begins, but for a value head that says something. */
export function tiny(): { readonly model: GatoModel; readonly parameters: Values } {
  const { model } = tinyGato();
  const parameters = Object.fromEntries(leaves<Value>(model.init(stream(5, 'tiny'))));
  stream(3, 'value').fillNormal(parameters['value/weight']!.data as Float32Array);
  return { model, parameters };
}

export interface Rig {
  readonly collector: Collector;
  readonly tokens: readonly StepTokens[];
  readonly model: GatoModel;
  readonly parameters: Values;
  readonly learner: LearnerState;
  readonly groups: readonly ReinforcementGroup[];
  /** One rollout, from an empty memory. */
  collect(isFirst: boolean): Promise<void>;
}

export function rigOf(
  make: (copies: number) => BatchedEnvironment,
  context: number,
  options: Partial<ReinforcementOptions>,
): Rig {
  const all = optionsOf(options);
  const environment = make(all.copies);
  const collector = new Collector(environment, all.rollout);
  const tokens = tokensOf(environment);
  const { model, parameters } = tiny();
  const tree = fromLeaves(Object.entries(parameters));
  const learner = new LearnerState(pack(tree), layoutOf(tree), reinforcementOptimiser(all.maximumGradientNorm, 0));
  const groups = tokens.map(
    (of, g) => new ReinforcementGroup(collector, g, { model, tokens: of, context, options: all, executor, learner }),
  );
  const player = createGatoPlayer(collector, {
    ...{ model, tokens, context, overlap: 0, executor },
    parameters: () => parameters,
    noise: stream(1, 'noise'),
  });
  const collect = async (isFirst: boolean): Promise<void> => {
    if (isFirst) collector.reset(7);
    player.forget();
    for (const { finals } of groups) finals.clear();
    const observed = (t: number): void => {
      for (const [g, { finals }] of groups.entries()) finals.observed(collector.groups[g]!, t, collector.B);
    };
    await collector.collect({ act: (t) => player.act(t), observed }, isFirst);
  };
  return { collector, tokens, model, parameters, learner, groups, collect };
}

/** The value at the last token of a sequence. */
export function valueProgram(model: GatoModel): Program {
  return compile((inputs) => {
    const parameters = restored<GatoOf<Value>, tf.Tensor>('parameters/', inputs) as GatoOf<tf.Tensor>;
    const hidden = model.hidden(parameters, inputs as unknown as TokenInputs<tf.Tensor>);
    return { value: model.values(parameters, hidden.reshape([-1, hidden.shape[2]!])) };
  });
}

/** Values of what a row saw, each from its whole context, in one pass of its own. */
export class SlowValues {
  private readonly program: Program;

  constructor(
    private readonly rig: Rig,
    private readonly g: number,
    private readonly context: number,
  ) {
    this.program = valueProgram(rig.model);
  }

  /** V of the observation at t of a row; or of its final one after step t, given as numbers. */
  at(t: number, row: number, final?: Float32Array): number {
    const { collector, tokens, parameters } = this.rig;
    const { observation, action, alive, sizes } = collector.groups[this.g]!;
    const own = tokens[this.g]!;
    const rows = collector.B * sizes.N;
    const copy = Math.floor(row / sizes.N);
    const last = final === undefined ? t - 1 : t;
    // The steps before it since the episode began, or the rollout.
    let begin = last + 1;
    const isBegun = (step: number): boolean =>
      step < collector.T + 1 && collector.keep[step * collector.B + copy] === 0;
    if (final !== undefined || !isBegun(t))
      while (begin > 0 && alive[(begin - 1) * rows + row] === 1) {
        begin--;
        if (isBegun(begin)) break;
      }
    begin += this.context * Math.floor((last + 1 - begin) / this.context);
    const buffer = new TokenBuffer(PATCH);
    for (let step = begin; step <= last; step++) {
      own.observe(observation, (step * rows + row) * sizes.D, row % sizes.N, buffer);
      own.act(action, (step * rows + row) * sizes.A, buffer);
    }
    own.observe(final ?? observation, final === undefined ? (t * rows + row) * sizes.D : 0, row % sizes.N, buffer);
    const { length, patchCount } = buffer;
    const inputs = rowsOf([buffer], patchCount > 0 ? length : 32 * Math.ceil(length / 32));
    const { value } = this.program.run({ ...parameterInputs(parameters), ...inputs });
    return value!.data[length - 1]!;
  }

  dispose(): void {
    this.program.dispose();
  }
}

/** Says words of 0 to 5 letters, and wants two numbers back: observations of different lengths. */
export class Speaker implements Environment {
  readonly agents = ['listener'];
  readonly spaces = {
    listener: { observation: { type: 'text', maxLength: 5 }, action: { type: 'multiDiscrete', n: [3, 2] } },
  } as const;
  readonly maximumSteps = 5;
  private clock = 0;
  private said = 0;

  reset({ seed }: { readonly seed: number }): ReturnType<Environment['reset']> {
    this.clock = 0;
    this.said = seed % 6;
    return this.seen();
  }

  step({ listener }: Parameters<Environment['step']>[0]): ReturnType<Environment['step']> {
    const [a, b] = listener as readonly [number, number];
    this.said = (this.said + a + 3 * b) % 6;
    this.clock++;
    const isEnd = this.clock === this.maximumSteps || this.said === 5;
    return {
      ...this.seen(),
      rewards: { listener: a },
      terminated: { listener: this.said === 5 },
      truncated: { listener: isEnd && this.said !== 5 },
    };
  }

  private seen(): ReturnType<Environment['reset']> {
    return { observations: { listener: 'abcde'.slice(0, this.said) } };
  }
}
