import { record } from './determinism.ts';
import { type Actions, Episode } from './episode.ts';
import { fingerprint, firstDifference } from './fingerprint.ts';
import { fail, pass, type Verdict } from './report.ts';
import type { Settings } from './settings.ts';

/** Actions are read, not written to. */
export function judgeActionsUntouched({ make, seeds: [seed], repeatSteps }: Settings): Verdict {
  let before = '';
  let handed: Actions = {};
  let touched: number | null = null;
  const episode = new Episode(make(), seed, {
    arrange: (actions) => {
      handed = actions;
      before = fingerprint(actions);
      return actions;
    },
    onStep: () => {
      if (fingerprint(handed) !== before) touched ??= episode.steps;
    },
  });
  episode.begin().play(repeatSteps);
  return touched === null ? pass() : fail(`seed ${seed}, step ${touched}: step changed the actions that it was given`);
}

/** What the caller does with its actions afterwards is its own affair. */
export function judgeActionsNotKept({ make, seeds: [seed], repeatSteps }: Settings): Verdict {
  const environment = make();
  const wanted = record(environment, seed, repeatSteps);
  const episode = new Episode(environment, seed, { onStep: (_living, actions) => scribble(actions) });
  const difference = firstDifference(wanted, episode.begin().play(repeatSteps).prints);
  return difference === null
    ? pass()
    : fail(`seed ${seed}, actions overwritten after each step: ${difference}; copy what is needed later`);
}

/** What was returned once stays as it was. */
export function judgeReturnedKept({ make, seeds, repeatSteps }: Settings): Verdict {
  const environment = make();
  const kept: { readonly value: unknown; readonly print: string; readonly at: string }[] = [];
  const keep = (value: unknown, at: string) => kept.push({ value, print: fingerprint(value), at });
  for (const seed of seeds) {
    const episode = new Episode(environment, seed, {
      onFirst: (first) => keep(first, `seed ${seed}, reset`),
      onStep: (_living, _actions, step) => keep(step, `seed ${seed}, step ${episode.steps}`),
    });
    // A few hundred answers show it: an environment that reuses an array does so all the time.
    episode.begin().play(Math.min(repeatSteps, 300));
  }
  const changed = kept.find(({ value, print }) => fingerprint(value) !== print);
  return changed === undefined ? pass() : fail(`${changed.at}: what was returned changed later; return a copy`);
}

/** The caller may write into what it got. */
export function judgeReturnedOwned({ make, seeds: [seed], repeatSteps }: Settings): Verdict {
  const environment = make();
  const wanted = record(environment, seed, repeatSteps);
  const episode = new Episode(environment, seed, {
    onFirst: scribble,
    onStep: (_living, _actions, step) => scribble(step),
  });
  const overwritten = `seed ${seed}, returned values overwritten after each step`;
  const difference = firstDifference(wanted, episode.begin().play(repeatSteps).prints);
  if (difference !== null) return fail(`${overwritten}: ${difference}; return a copy`);
  // What is returned at the end can do harm in the next episode only.
  const later = firstDifference(wanted, record(environment, seed, repeatSteps));
  return later === null ? pass() : fail(`${overwritten}, in the episode after that: ${later}; return a copy`);
}

/** Overwrites every number, in place, as far down as it goes. */
function scribble(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (ArrayBuffer.isView(value)) {
    (value as Uint8Array).fill(77);
    return;
  }
  const record = value as Record<string, unknown>;
  for (const [key, part] of Object.entries(record)) {
    if (typeof part === 'object') scribble(part);
    else if (typeof part === 'number') Reflect.set(record, key, 77);
    else if (typeof part === 'boolean') Reflect.set(record, key, !part);
  }
}
