import type { Stream } from '../../core/index.ts';
import { type BatchedEnvironment, createActions, createOutputs } from '../../worlds/index.ts';
import { breathe } from '../breathe.ts';
import { CmaEs } from '../evolution/index.ts';
import type { LinearController } from './controller.ts';
import type { ControllerOptions } from './options.ts';

/** Steps of all copies between two turns for the rest of the process. */
const STEPS_OF_A_BREATH = 64;

/** What one generation did. */
export interface Generation {
  /** Mean return of an episode: over all candidates, and of the best one. */
  readonly mean: number;
  readonly best: number;
  readonly sigma: number;
  /** Steps of the environment (or dream), all copies added up. */
  readonly steps: number;
}

/** A controller that CMA-ES looks for in one environment: each candidate plays one episode in each of its copies. */
export class ControllerSearch {
  readonly search: CmaEs;
  private readonly outputs;
  private readonly actions;
  private readonly returns: Float64Array;
  private readonly isOver: Uint8Array;

  /** environment: population * rollouts copies, of one agent. */
  constructor(
    private readonly environment: BatchedEnvironment,
    private readonly controller: LinearController,
    private readonly options: ControllerOptions,
    stream: Stream,
  ) {
    const { population, sigma } = options;
    this.search = new CmaEs({ mean: new Float64Array(controller.parameterCount), sigma, population, stream });
    this.outputs = createOutputs(environment.groups, environment.batchSize);
    this.actions = createActions(environment.groups, environment.batchSize);
    this.returns = new Float64Array(environment.batchSize);
    this.isOver = new Uint8Array(environment.batchSize);
  }

  /** One generation, on episodes that the number `seed` decides. */
  async advance(seed: number): Promise<Generation> {
    const { search, options, returns } = this;
    const { population, rollouts } = options;
    const candidates = search.ask();
    const steps = await this.play(candidates, seed);
    const fitness = Array.from({ length: population }, (_, k) => {
      let sum = 0;
      for (let r = 0; r < rollouts; r++) sum += returns[k * rollouts + r]!;
      return sum / rollouts;
    });
    search.tell(fitness.map((each) => -each));
    const mean = fitness.reduce((sum, each) => sum + each, 0) / population;
    return { mean, best: Math.max(...fitness), sigma: search.sigma, steps };
  }

  /** The first episode of every copy; copy b is played by candidate b / rollouts. Answers the steps taken. */
  private async play(candidates: readonly Float64Array[], seed: number): Promise<number> {
    const { environment, controller, outputs, actions, returns, isOver, options } = this;
    const B = environment.batchSize;
    const [output, action] = [outputs[0]!, actions[0]!];
    const [F, A] = [output.observation.length / B, action.length / B];
    returns.fill(0);
    isOver.fill(0);
    environment.reset(seed, outputs);
    let left = B;
    for (let step = 1; ; step++) {
      for (let b = 0; b < B; b++) {
        const weights = candidates[Math.floor(b / options.rollouts)]!;
        controller.act(weights, output.observation, b * F, action, b * A);
      }
      environment.step(actions, outputs);
      for (let b = 0; b < B; b++) {
        if (isOver[b] === 1) continue;
        returns[b]! += output.reward[b]!;
        if (output.terminated[b] === 0 && output.truncated[b] === 0) continue;
        isOver[b] = 1;
        left--;
      }
      if (left === 0) return step * B;
      if (step % STEPS_OF_A_BREATH === 0) await breathe();
    }
  }

  close(): void {
    this.environment.close?.();
  }
}
