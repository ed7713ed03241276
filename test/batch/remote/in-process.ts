import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Subject } from 'rxjs';
import type { Attempt, Outcome, StartAttempt } from '../../../batch/index.ts';
import { LightbulbError } from '../../../core/index.ts';
import { type CreateTraining, type Event, type Job, run } from '../../../scenarios/index.ts';
import { fakeTraining } from '../../scenarios/fake-training.ts';
import { scenarioWith } from '../../scenarios/files.ts';

/** A fake training that takes `milliseconds` for each iteration. */
export function slowTraining(milliseconds: number): CreateTraining {
  return async (spec) => {
    const training = await fakeTraining()(spec);
    const advance = training.advance.bind(training);
    training.advance = async () => {
      await sleep(milliseconds);
      return advance();
    };
    return training;
  };
}

/** Attempts in this very process: real runs with folders and checkpoints, of trainings that learn nothing. */
export function inProcess(
  createTraining: CreateTraining = fakeTraining(),
  see: (event: Event) => void = () => {},
): StartAttempt {
  return ({ scenario, folder, signal }): Attempt => {
    const events = new Subject<Event>();
    const resume = existsSync(join(folder, 'scenario.json'));
    const outcome = (async (): Promise<Outcome> => {
      await sleep(0);
      let last: Outcome = { state: 'failed', code: 'internal', message: 'no end' };
      try {
        await run(scenario, { folder, resume, signal, createTraining }).forEach((event) => {
          see(event);
          events.next(event);
          if (event.kind === 'finished') last = { state: 'finished', summary: event.summary };
          if (event.kind === 'interrupted') last = { state: 'interrupted' };
        });
      } catch (error) {
        if (!(error instanceof LightbulbError)) throw error;
        last = { state: 'failed', code: error.code, message: error.message };
      }
      events.complete();
      return last;
    })();
    return { events, outcome };
  };
}

/** `count` small jobs with checkpoints, seeds from 1. */
export function jobsIn(folder: string, count: number, changes: object = {}): Job[] {
  return Array.from({ length: count }, (_, i) => {
    const seed = i + 1;
    return {
      key: `walk-s${seed}`,
      arm: 'walk',
      settings: {},
      seed,
      scenario: scenarioWith(folder, { ...changes, seed }),
    };
  });
}
