import { type Json, stream } from '../../core/index.ts';
import {
  type Executor,
  layoutOf,
  pack,
  type Schedule,
  type Value,
  type Values,
  warmupCosineSchedule,
} from '../../nn/index.ts';
import { breathe } from '../breathe.ts';
import { createExecutor } from '../create-executor.ts';
import { LearnerState, takeFrom, viewsByPath } from '../learner-state.ts';
import type { Checkpoint, Evaluation, Iteration, Training } from '../training.ts';
import { ActingPrograms } from './acting-programs.ts';
import { Cloning, cloningOptimiser } from './cloning.ts';
import { CloningMetrics } from './cloning-metrics.ts';
import { evaluateTasks } from './evaluate-tasks.ts';
import { cloningUpdates, type GatoPlan, type PlannedTask, planGato } from './gato-plan.ts';
import { Packer } from './packing.ts';
import { createReinforcement, type Reinforcement } from './reinforcement.ts';
import { rememberedSteps } from './row-memories.ts';
import type { GatoSpec } from './task.ts';

/**
 * One network for many tasks: cloned from their experts' episodes, then reinforced on one of them where the options say
 * so. `step` counts updates of the optimiser. Errors: `invalid_input` and `mismatch` with the place in a scenario file
 * (`planGato`), and those of `createExecutor`.
 *
 * @example
 * const training = await createGato({
 *   seed: 1, steps: 2000, tasks: [task], tokenizer: byteTokenizer(), options: gatoDefaults,
 *   executor: 'onnx', device: 'auto', threads: 2,
 * });
 * while (training.step < 2000) console.log((await training.advance()).metrics);
 * await training.close();
 */
export async function createGato(spec: GatoSpec): Promise<Training> {
  const plan = planGato(spec);
  return new GatoTraining(spec, plan, await createExecutor(spec, { threads: spec.threads }));
}

/** What a checkpoint holds besides arrays: of the phase that it was taken in. */
interface SavedGato {
  readonly cloned: number;
  readonly packer: Json;
  readonly cloning: Json;
  readonly reinforcement: Json;
}

/** What the arrays of the reinforcement phase are saved under. */
const REINFORCEMENT = 'reinforcement/';

class GatoTraining implements Training {
  readonly parameterCount: number;
  private readonly learner: LearnerState;
  private readonly packer: Packer;
  private readonly cloning: Cloning;
  private readonly acting: ActingPrograms;
  private readonly rateAt: Schedule;
  /** Updates of cloning in all, and so far. */
  private readonly toClone: number;
  private cloned = 0;
  private reinforcement: Reinforcement | null = null;

  constructor(
    private readonly spec: GatoSpec,
    private readonly plan: GatoPlan,
    private readonly executor: Executor,
  ) {
    const { seed, options, steps } = spec;
    const { model, tasks, patch } = plan;
    const initial = model.init(stream(seed, 'learner/initial'));
    const layout = layoutOf(initial);
    this.parameterCount = layout.size;
    this.learner = new LearnerState(pack(initial), layout, cloningOptimiser(options, 0));
    this.packer = new Packer(tasks, { ...options, vocabulary: model.vocabulary, patch, seed });
    this.cloning = new Cloning({ model, learner: this.learner, layout, options, executor, seed });
    this.acting = new ActingPrograms(model, executor);
    this.toClone = cloningUpdates(options, steps);
    this.rateAt =
      this.toClone === 0
        ? () => 0
        : warmupCosineSchedule({
            peak: options.learningRate,
            warmupSteps: options.warmup,
            steps: this.toClone,
            end: options.learningRate / 10,
          });
  }

  get step(): number {
    return this.cloned + (this.reinforcement?.updates ?? 0);
  }

  advance(): Promise<Iteration> {
    const isCloning = this.spec.options.reinforcement === null || this.cloned < this.toClone;
    return isCloning ? this.clone() : this.reinforce();
  }

  evaluate(how: Parameters<Training['evaluate']>[0]): Promise<Evaluation> {
    const parameters = this.parameters();
    return evaluateTasks(this.plan.tasks, how, (task, noise) => {
      const context = this.contextOf(task);
      return {
        model: this.plan.model,
        tokens: task.tokens,
        parameters: () => parameters,
        context,
        overlap: Math.floor(context / 2),
        noise,
        executor: this.executor,
        programs: this.acting,
      };
    });
  }

  save(): Checkpoint {
    const { cloned, reinforcement, packer, cloning, learner } = this;
    const saved = { cloned, packer: null, cloning: null, reinforcement: null };
    if (reinforcement !== null) {
      const { tensors, state } = reinforcement.save();
      return { tensors: withPrefix(REINFORCEMENT, tensors), state: { ...saved, reinforcement: state } };
    }
    const packed = packer.save();
    return {
      tensors: { ...learner.save(), ...withPrefix('packer/', packed.tensors) },
      state: { ...saved, packer: packed.state, cloning: cloning.save() },
    };
  }

  load({ tensors, state }: Checkpoint): void {
    const saved = state as unknown as SavedGato;
    this.cloned = saved.cloned;
    this.reinforcement?.close();
    this.reinforcement = null;
    if (saved.reinforcement !== null) {
      const own = Object.entries(tensors).filter(([name]) => name.startsWith(REINFORCEMENT));
      this.reinforcement = this.startReinforcement();
      this.reinforcement.load({
        tensors: Object.fromEntries(own.map(([name, value]) => [name.slice(REINFORCEMENT.length), value])),
        state: saved.reinforcement,
      });
      return;
    }
    const take = takeFrom(tensors, 'gato');
    this.learner.load(take);
    this.packer.load((name, shape) => take(`packer/${name}`, shape), saved.packer);
    this.cloning.load(saved.cloning);
  }

  async close(): Promise<void> {
    this.reinforcement?.close();
    this.cloning.dispose();
    this.acting.dispose();
  }

  private async clone(): Promise<Iteration> {
    const { options } = this.spec;
    const metrics = new CloningMetrics(this.plan.tasks.map(({ name }) => name));
    // Past the end there is something to learn still, at the last rate.
    const left = this.cloned < this.toClone ? this.toClone - this.cloned : options.updatesPerIteration;
    for (let i = 0; i < Math.min(options.updatesPerIteration, left); i++) {
      const batch = this.packer.next();
      metrics.add(batch, this.cloning.update(batch, this.rateAt(this.cloned + 1)));
      this.cloned++;
      await breathe();
    }
    return {
      step: this.step,
      metrics: { ...metrics.means(), learningRate: this.rateAt(this.cloned) },
      episodes: 0,
    };
  }

  private async reinforce(): Promise<Iteration> {
    this.reinforcement ??= this.startReinforcement();
    const { metrics, episodes } = await this.reinforcement.advance();
    return { step: this.step, metrics, episodes };
  }

  private startReinforcement(): Reinforcement {
    const { seed, options } = this.spec;
    const { model, tasks } = this.plan;
    const task = tasks.find(({ name }) => name === options.reinforcement!.task)!;
    return createReinforcement({
      seed,
      make: task.make!,
      tokens: task.tokens,
      model,
      parameters: this.learner.current.parameters!,
      layout: this.learner.layout,
      context: this.contextOf(task),
      options: options.reinforcement!,
      updates: Math.max(1, this.spec.steps - this.toClone),
      executor: this.executor,
    });
  }

  /** Time steps that all agents of a task can remember. */
  private contextOf({ tokens }: PlannedTask): number {
    const { context, length } = this.spec.options;
    return Math.min(...tokens.map(({ layout }) => rememberedSteps(context, layout, length)));
  }

  private parameters(): Values {
    if (this.reinforcement !== null) return this.reinforcement.parameters;
    return viewsByPath(this.learner.layout, this.learner.current.parameters!.data as Float32Array);
  }
}

function withPrefix(prefix: string, values: Values): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
}
