import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Happening } from '../../../scenarios/index.ts';

/** Writes a run's events as a run does, for others to watch. */
export class RunWriter {
  readonly folder: string;
  private readonly steps: number;

  constructor(folder: string, { scenario = 'probe', seed = 1, steps = 1000 } = {}) {
    this.folder = folder;
    this.steps = steps;
    mkdirSync(folder, { recursive: true });
    this.start(0, scenario, seed);
  }

  start(step: number, scenario = 'probe', seed = 1): void {
    const { folder, steps } = this;
    this.write({ kind: 'started', scenario, seed, folder, step, steps, parameters: 9, resumed: step > 0 });
  }

  iteration(step: number, value: number): void {
    const metrics = { 'return/mean': value, 'loss/value': 1 / step };
    this.write({ kind: 'iteration', step, episodes: 1, metrics, stepsPerSecond: 100 });
  }

  finish(value: number): void {
    const { folder, steps } = this;
    const evaluation = { episodes: 8, return: { mean: value, std: 1, min: value, max: value }, length: 25, agents: {} };
    this.write({ kind: 'evaluation', step: steps, evaluation });
    const head = { scenario: 'probe', seed: 1, state: 'finished' as const, folder };
    const summary = { ...head, steps, seconds: 10, stepsPerSecond: steps / 10, evaluation };
    this.write({ kind: 'finished', step: steps, summary });
  }

  write(happening: Happening): void {
    appendFileSync(
      join(this.folder, 'events.jsonl'),
      `${JSON.stringify({ time: new Date().toISOString(), ...happening })}\n`,
    );
  }
}
