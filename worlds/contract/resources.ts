import v8 from 'node:v8';
import vm from 'node:vm';
import { Episode } from './episode.ts';
import { fail, pass, type Verdict } from './report.ts';
import type { Settings } from './settings.ts';

/** Steps in each of the four stretches that memory is measured over. */
const STRETCH = 1500;
/** Growth a step, in every stretch, that counts as a leak: less drowns in what the engine itself allocates. */
const LEAK_BYTES_PER_STEP = 64;
/** No stretch runs longer than this. */
const STRETCH_MS = 1500;

/** Plays on and on: how fast, and whether memory grows. */
export class Endurance {
  private stepped = 0;
  private milliseconds = 0;

  constructor(private readonly settings: Settings) {}

  /** Of the environment alone, without the checker's own work; null before anything was measured. */
  get stepsPerSecond(): number | null {
    return this.stepped === 0 ? null : (1000 * this.stepped) / Math.max(this.milliseconds, 1e-6);
  }

  judgeMemory(): Verdict {
    const environment = this.settings.make();
    const play = (): number => {
      const until = performance.now() + STRETCH_MS;
      let steps = 0;
      for (let seed = 1; steps < STRETCH && performance.now() < until; seed++) {
        const episode = new Episode(environment, seed, { record: false, call: (action) => this.time(action) }).begin();
        for (; episode.goesOn && steps < STRETCH && episode.steps < this.settings.stepLimit; steps++) {
          episode.advance();
          if (performance.now() >= until) break;
        }
        if (episode.steps === 0) steps++;
        this.stepped += episode.steps;
      }
      return steps;
    };
    // The first stretch pays for compilation and caches.
    play();
    this.stepped = 0;
    this.milliseconds = 0;
    let before = usedBytes();
    const growth: number[] = [];
    for (let i = 0; i < 3; i++) {
      const steps = play();
      const now = usedBytes();
      growth.push((now - before) / steps);
      before = now;
    }
    return growth.every((bytes) => bytes > LEAK_BYTES_PER_STEP)
      ? fail(`memory grew by ${growth.map((bytes) => Math.round(bytes)).join(', ')} bytes a step in three stretches`)
      : pass();
  }

  judgeSpeed(minimum: number): Verdict {
    const speed = this.stepsPerSecond;
    if (speed === null) return fail('no step was measured');
    const text = `${Math.round(speed)} steps a second`;
    return speed >= minimum ? pass(text) : fail(`wanted at least ${minimum} steps a second, got ${text}`);
  }

  private time<T>(action: () => T): T {
    const start = performance.now();
    try {
      return action();
    } finally {
      this.milliseconds += performance.now() - start;
    }
  }
}

let collect: (() => void) | undefined;

/** Memory in use after a full collection: heap and array buffers. */
export function usedBytes(): number {
  if (collect === undefined) {
    v8.setFlagsFromString('--expose-gc');
    collect = vm.runInNewContext('gc') as () => void;
  }
  // Twice: what only finalisers free goes in the second.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
