import { pathToFileURL } from 'node:url';
import { type Stream, stream } from '../core/index.ts';
import {
  actionChoices,
  createActions,
  createOutputs,
  type Group,
  type GroupActions,
  makeEnvironment,
} from '../worlds/index.ts';

/** Speed of one environment by itself: no policy, actions drawn beforehand, auto-reset included, one core. */
export interface EnvironmentSpeed {
  readonly name: string;
  readonly copies: number;
  /** Steps of single copies in a second: all agents of one copy acting once are one step. The best of the repeats. */
  readonly stepsPerSecond: number;
}

/** Sets of random actions that the environments are fed in turn. */
const SETS = 64;
const WARM_UP_SECONDS = 0.3;
const REPEAT_SECONDS = 0.3;

/** `names` of built-in environments; the machine's other work is kept out by taking the best of `repeats`. */
export function benchEnvironments(
  names: readonly string[] = [
    'cartpole',
    'pendulum',
    'simple_spread',
    'simple_tag',
    'simple_reference',
    'simple_speaker_listener',
    'level_based_foraging',
    'dodge',
    'maze',
    'counting',
  ],
  copies = 512,
  repeats = 5,
): EnvironmentSpeed[] {
  return names.map((name) => {
    const environment = makeEnvironment(name, copies);
    const output = createOutputs(environment.groups, copies);
    const random = stream(1, `bench/${name}`);
    const sets = Array.from({ length: SETS }, () => {
      const actions = createActions(environment.groups, copies);
      environment.groups.forEach((group, g) => {
        fill(group, actions[g]!, random);
      });
      return actions;
    });
    environment.reset(1, output);
    const run = (seconds: number): number => {
      const start = performance.now();
      let steps = 0;
      let elapsed = 0;
      while (elapsed < 1000 * seconds) {
        for (const actions of sets) environment.step(actions, output);
        steps += SETS * copies;
        elapsed = performance.now() - start;
      }
      return (1000 * steps) / elapsed;
    };
    run(WARM_UP_SECONDS);
    const speeds = Array.from({ length: repeats }, () => run(REPEAT_SECONDS));
    return { name, copies, stepsPerSecond: Math.max(...speeds) };
  });
}

function fill(group: Group, actions: GroupActions, random: Stream): void {
  const choices = actionChoices(group.action);
  for (let i = 0; i < actions.length; i++) {
    actions[i] = choices === null ? random.between(-1, 1) : random.integer(choices[i % choices.length]!);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { name, copies, stepsPerSecond } of benchEnvironments()) {
    console.log(`${name.padEnd(24)} ${copies} copies ${(stepsPerSecond / 1e6).toFixed(2).padStart(8)} M steps/s`);
  }
}
