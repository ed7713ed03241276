import { type Json, type Stream, stream } from '../../core/index.ts';
import type { LevelBuilding } from '../environment.ts';
import {
  actionChoices,
  actionComponents,
  checkValue,
  encodeAction,
  flatSize,
  printFault,
  sample,
  show,
  unflatten,
} from '../spaces/index.ts';
import { Episode } from './episode.ts';
import { fingerprint } from './fingerprint.ts';
import { membership } from './level-space.ts';
import { fail, pass, skip, type Verdict } from './report.ts';
import type { Settings } from './settings.ts';

/** Levels that are built by random actions. */
const BUILT = 30;
/** Steps that are played of each. */
const STEPS = 3;

/** Any actions build a level that can be played, the same ones the same; plans are plain data that nobody writes to. */
export function judgeLevelBuilding({ make }: Settings): Verdict {
  const environment = make();
  const { levels } = environment;
  const building = levels?.building;
  if (levels === undefined || building === undefined) return skip('levels are not built step by step');
  if (!Number.isInteger(building.steps) || building.steps < 1)
    return fail(`building: wanted steps, an integer of at least 1, got ${building.steps}`);
  const isOne = levels.grid === undefined && levels.box === undefined ? () => true : membership(levels);
  for (let seed = 0; seed < BUILT; seed++) {
    const random = stream(seed, 'check/building');
    const built = build(building, seed, random);
    if ('fault' in built) return fail(`building, seed ${seed}: ${built.fault}`);
    const { level } = built;
    if (!isOne(level)) return fail(`building, seed ${seed}: ${show(level)} is none of the declared levels`);
    const episode = new Episode(environment, 1).begin(level).play(STEPS);
    if (episode.threw !== null)
      return fail(`building, seed ${seed}: ${show(level)} cannot be played: ${episode.threw}`);
  }
  return pass();
}

/** A level by random actions, every promise looked at on the way. */
function build(building: LevelBuilding, seed: number, random: Stream): { level: Json } | { fault: string } {
  const { action: actions, observation, steps } = building;
  const out = new Float32Array(flatSize(observation));
  const components = actionComponents(actions);
  const action = actionChoices(actions) === null ? new Float32Array(components) : new Int32Array(components);
  let plan = building.begin(seed);
  if (fingerprint(building.begin(seed)) !== fingerprint(plan))
    return { fault: 'begin answers otherwise the next time' };
  for (let step = 0; step <= steps; step++) {
    const print = fingerprint(plan);
    if (fingerprint(copied(plan)) !== print) return { fault: `the plan after ${step} actions is no plain JSON` };
    out.fill(Number.NaN);
    building.observe(plan, out);
    const wrong = checkValue(observation, unflatten(observation, out, 0));
    if (wrong !== null) return { fault: `what is seen after ${step} actions: ${printFault(wrong)}` };
    if (step === steps) break;
    encodeAction(actions, sample(actions, random), action, 0);
    const next = building.build(plan, action);
    if (fingerprint(plan) !== print) return { fault: `action ${step + 1} was written into the plan before it` };
    if (fingerprint(building.build(copied(plan), action)) !== fingerprint(next))
      return { fault: `action ${step + 1} makes another plan the next time` };
    plan = next;
  }
  const level = building.level(plan);
  if (fingerprint(building.level(copied(plan))) !== fingerprint(level))
    return { fault: 'the same plan is another level the next time' };
  return { level };
}

const copied = (plan: Json): Json => JSON.parse(JSON.stringify(plan) ?? 'null') as Json;
