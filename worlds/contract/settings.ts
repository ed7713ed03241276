import type { Json } from '../../core/index.ts';
import type { Environment } from '../environment.ts';

export interface CheckOptions {
  /**
   * Where the environment comes from, for the check against a fresh process: a module as for `loadEnvironment`, and
   * which of its forms this is, where it has both (default: the single form).
   */
  readonly module?: { readonly path: string; readonly options?: Json; readonly form?: 'single' | 'batched' };
  /** Chance plays no part: equal episodes for different seeds are no defect. */
  readonly seedless?: boolean;
  /** Fewer steps a second (one copy, environment alone) fail. Default 100. */
  readonly minimumStepsPerSecond?: number;
  /** How many steps are played to measure speed and memory. Default 6,000; 0 skips both. */
  readonly enduranceSteps?: number;
  /** An episode of an environment without `maximumSteps` must end within this many random steps. Default 10,000. */
  readonly stepLimit?: number;
  /** How many steps of an episode are repeated and compared at most. Default 2,000. */
  readonly repeatSteps?: number;
}

/** What every check works with. */
export interface Settings {
  readonly make: () => Environment;
  readonly seeds: readonly [number, number, number];
  /** No episode takes more steps than this. */
  readonly stepLimit: number;
  readonly repeatSteps: number;
  readonly enduranceSteps: number;
}

export function settingsOf(make: () => Environment, maximumSteps: number | undefined, options: CheckOptions): Settings {
  const stepLimit = maximumSteps ?? options.stepLimit ?? 10_000;
  return {
    make,
    // The last is the largest seed that the batched form ever gives.
    seeds: [1, 2, 2 ** 32 - 1],
    stepLimit,
    enduranceSteps: options.enduranceSteps ?? 6000,
    repeatSteps: Math.min(stepLimit, options.repeatSteps ?? 2000),
  };
}
