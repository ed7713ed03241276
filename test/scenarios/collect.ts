import type { Clock, Event, RunOptions, Scenario } from '../../scenarios/index.ts';
import { run } from '../../scenarios/index.ts';
import { fakeTraining } from './fake-training.ts';

/** Runs a scenario (with a fake training unless another is given) to its end: what was told, and the error if any. */
export async function collect(
  scenario: Scenario,
  options: RunOptions,
): Promise<{ readonly events: readonly Event[]; readonly error: unknown }> {
  const events: Event[] = [];
  let error: unknown;
  await run(scenario, { createTraining: fakeTraining(), ...options })
    .forEach((event) => void events.push(event))
    .catch((reason: unknown) => {
      error = reason;
    });
  return { events, error };
}

/** A clock that is one second further each time it is asked. */
export function tickingClock(): Clock {
  let ticks = 0;
  return { now: () => new Date(Date.UTC(2030, 0, 1, 0, 0, ticks)), seconds: () => ticks++ };
}

/** Every kind of event, in order, with its step: `iteration 16`. */
export function outline(events: readonly Event[]): string[] {
  return events.map((event) => (event.kind === 'warning' ? event.kind : `${event.kind} ${event.step}`));
}
