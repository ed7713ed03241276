import type { Environment, First, Step } from './environment.ts';
import type { SpaceValue } from './space.ts';
import { type RecordedEpisode, readTrajectories } from './trajectory.ts';

/** How an environment compares with what a reference implementation recorded. */
export interface Conformance {
  readonly episodes: number;
  readonly steps: number;
  /** Over all observations and rewards; `where` is empty where nothing differs. */
  readonly largestDifference: { readonly value: number; readonly where: string };
  /** Whether every termination and truncation is the recorded one. */
  readonly flagsEqual: boolean;
  /** The first 20 places where a number is further off than the tolerance, or a flag or the cast differs. */
  readonly mismatches: readonly string[];
}

export interface ConformOptions {
  /** How far a number may be off. Default 1e-5, what float32 leaves of recorded float64. */
  readonly tolerance?: number;
  /** What the recording is called in errors. Default `trajectory`. */
  readonly name?: string;
}

const MOST_MISMATCHES = 20;

/**
 * Plays recorded episodes and compares everything. The environment takes a recorded initial state as its level: for
 * cartpole `{ state: [x, xDot, theta, thetaDot] }`, for particle worlds the recording's `initial`.
 *
 * `trajectory` is the parsed file, in either form (see `readTrajectories`); throws `invalid_input` where it has
 * neither. Agents must have the recorded names; in a recording without names, the environment has one agent.
 */
export function conform(environment: Environment, trajectory: unknown, options: ConformOptions = {}): Conformance {
  const { tolerance = 1e-5, name = 'trajectory' } = options;
  const episodes = readTrajectories(trajectory, environment.agents, name);
  const tally = new Tally(tolerance);
  for (const [index, episode] of episodes.entries()) playEpisode(environment, episode, `episode ${index}`, tally);
  return { episodes: episodes.length, ...tally.result() };
}

function playEpisode(environment: Environment, episode: RecordedEpisode, where: string, tally: Tally): void {
  const first = environment.reset({ seed: episode.seed, level: episode.level });
  compareObservations(first, episode.observations[0]!, `${where}, start`, tally);
  for (const [index, actions] of episode.actions.entries()) {
    const at = `${where}, step ${index}`;
    let step: Step;
    try {
      step = environment.step(actions);
    } catch (error) {
      // Most often an episode that ended early: the rest of the recording cannot be compared.
      tally.mismatch(`${at}: step threw: ${error instanceof Error ? error.message : String(error)}`);
      tally.flagsEqual = false;
      return;
    }
    tally.steps++;
    compareObservations(step, episode.observations[index + 1]!, at, tally);
    for (const [agent, reward] of Object.entries(episode.rewards[index]!))
      tally.number(step.rewards[agent], reward, `${at}, reward of ${agent}`);
    for (const flag of ['terminated', 'truncated'] as const)
      for (const [agent, value] of Object.entries(episode[flag][index]!))
        tally.flag(step[flag][agent], value, `${at}, ${flag} of ${agent}`);
  }
}

function compareObservations(
  answer: First,
  wanted: Readonly<Record<string, readonly number[]>>,
  where: string,
  tally: Tally,
): void {
  for (const agent of new Set([...Object.keys(wanted), ...Object.keys(answer.observations)])) {
    const got = answer.observations[agent];
    const numbers = wanted[agent];
    if (got === undefined || numbers === undefined) {
      tally.mismatch(`${where}: ${agent} is ${got === undefined ? 'missing' : 'not in the recording'}`);
      continue;
    }
    const entries = entriesOf(got);
    if (entries.length !== numbers.length) {
      tally.mismatch(`${where}: ${agent} sees ${entries.length} numbers, recorded are ${numbers.length}`);
      continue;
    }
    numbers.forEach((number, i) => {
      tally.number(entries[i], number, `${where}, observation of ${agent}, entry ${i}`);
    });
  }
}

function entriesOf(value: SpaceValue): readonly unknown[] {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  return Array.isArray(value) ? value : [value];
}

class Tally {
  steps = 0;
  flagsEqual = true;
  private largest = { value: 0, where: '' };
  private readonly mismatches: string[] = [];

  constructor(private readonly tolerance: number) {}

  number(got: unknown, wanted: number, where: string): void {
    // A NaN compares with nothing: it counts as infinitely far off.
    const off = typeof got === 'number' ? Math.abs(got - wanted) : Number.NaN;
    const difference = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
    if (difference > this.largest.value) this.largest = { value: difference, where };
    if (difference > this.tolerance) this.mismatch(`${where}: wanted ${wanted}, got ${String(got)}`);
  }

  flag(got: unknown, wanted: boolean, where: string): void {
    if (got === wanted) return;
    this.flagsEqual = false;
    this.mismatch(`${where}: wanted ${wanted}, got ${String(got)}`);
  }

  mismatch(text: string): void {
    if (this.mismatches.length < MOST_MISMATCHES) this.mismatches.push(text);
  }

  result(): Omit<Conformance, 'episodes'> {
    const { steps, largest, flagsEqual, mismatches } = this;
    return { steps, largestDifference: largest, flagsEqual, mismatches };
  }
}
