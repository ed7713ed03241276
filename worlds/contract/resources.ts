import v8 from 'node:v8';
import vm from 'node:vm';
import type { Environment } from '../environment.ts';
import { Episode } from './episode.ts';
import { fail, pass, skip, type Verdict } from './report.ts';
import type { Settings } from './settings.ts';

/** Memory is measured over as many stretches, after a first that pays for compilation and caches. */
const STRETCHES = 5;
/** In so many of them a leak shows: in one, the rest of the process may happen to let go of more than leaks. */
const GROWING = 4;
/** A leak goes on: what grows is looked at so often. Engines compile and optimise what is fast for many stretches of it. */
const LOOKS = 3;
/** Growth in a stretch that counts as a leak: less drowns in what the engine itself allocates. */
const LEAK_BYTES_PER_STEP = 64;
const LEAK_BYTES = 50_000;
/** No stretch runs longer than this. */
const STRETCH_MS = 1500;

/** Plays on and on: how fast, and whether memory grows. */
export class Endurance {
  private stepped = 0;
  private milliseconds = 0;

  /** totalSteps: how many to play in all, and up to three times as many where memory seems to grow; 0 skips. */
  constructor(private readonly totalSteps: number) {}

  /** Of the environment alone, without the checker's own work; null before anything was measured. */
  get stepsPerSecond(): number | null {
    return this.stepped === 0 ? null : (1000 * this.stepped) / Math.max(this.milliseconds, 1e-6);
  }

  /** `advance` takes the next step or steps, however that is done, and says how many it took. */
  judgeMemory(advance: () => number): Verdict {
    const stretch = Math.ceil(this.totalSteps / (STRETCHES + 1));
    if (stretch === 0) return skip('not asked for');
    this.play(stretch, advance);
    this.stepped = 0;
    this.milliseconds = 0;
    let before = usedBytes();
    const looks: string[] = [];
    while (looks.length < LOOKS) {
      const growth = Array.from({ length: STRETCHES }, () => {
        const steps = this.play(stretch, advance);
        const now = usedBytes();
        const bytes = now - before;
        before = now;
        return { bytes, steps };
      });
      const growing = growth.filter(({ bytes, steps }) => bytes > LEAK_BYTES && bytes > LEAK_BYTES_PER_STEP * steps);
      if (growing.length < GROWING) return pass();
      looks.push(growth.map(({ bytes, steps }) => Math.round(bytes / steps)).join(', '));
    }
    return fail(`memory grew by ${looks.join('; ')} bytes a step in as many stretches`);
  }

  /** Plays so many steps, or for as long as a stretch may last; says how many. */
  private play(stretch: number, advance: () => number): number {
    const until = performance.now() + STRETCH_MS;
    let steps = 0;
    while (steps < stretch && performance.now() < until) steps += Math.max(1, advance());
    this.stepped += steps;
    return steps;
  }

  judgeSpeed(minimum: number): Verdict {
    if (this.totalSteps === 0) return skip('not asked for');
    const speed = this.stepsPerSecond;
    if (speed === null) return fail('no step was measured');
    const text = `${Math.round(speed)} steps a second`;
    return speed >= minimum ? pass(text) : fail(`wanted at least ${minimum} steps a second, got ${text}`);
  }

  /** Runs one call into the environment on the clock. */
  time<T>(action: () => T): T {
    const start = performance.now();
    try {
      return action();
    } finally {
      this.milliseconds += performance.now() - start;
    }
  }
}

/** Episode after episode of one environment, a step at a time. */
export function endlessEpisodes(environment: Environment, { stepLimit }: Settings, endurance: Endurance): () => number {
  let seed = 0;
  let episode: Episode | undefined;
  return () => {
    if (episode === undefined || !episode.goesOn || episode.steps >= stepLimit) {
      seed++;
      episode = new Episode(environment, seed, { record: false, call: (action) => endurance.time(action) }).begin();
    }
    const before = episode.steps;
    episode.advance();
    return episode.steps - before;
  };
}

let collect: (() => void) | undefined;

/** Memory in use after a full collection: heap and array buffers. */
export function usedBytes(): number {
  if (collect === undefined) {
    v8.setFlagsFromString('--expose-gc');
    collect = vm.runInNewContext('gc') as () => void;
  }
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
