import {
  type BatchedEnvironment,
  box,
  createActions,
  createOutputs,
  discrete,
  type Environment,
  type First,
  type Step,
} from '../../worlds/index.ts';

/** What a step of the little environment below answers, by step; `null` ends the script. */
export interface Script {
  readonly first?: Partial<First>;
  readonly steps: readonly Partial<Step>[];
  readonly maximumSteps?: number;
}

/** Two agents who see the step number and answer what the script says. */
export function scripted({ first = {}, steps, maximumSteps }: Script): Environment & { readonly resets: unknown[] } {
  let at = 0;
  const resets: unknown[] = [];
  const number = () => Float32Array.of(at);
  const spaces = { observation: box([1], 0, 100), action: discrete(2) };
  return {
    agents: ['a', 'b'],
    spaces: { a: spaces, b: spaces },
    resets,
    ...(maximumSteps === undefined ? {} : { maximumSteps }),
    reset(options) {
      resets.push(options);
      at = 0;
      return { observations: { a: number(), b: number() }, ...first };
    },
    step() {
      const answer = steps[at]!;
      at++;
      return {
        observations: { a: number(), b: number() },
        rewards: { a: 1, b: 2 },
        terminated: { a: false, b: false },
        truncated: { a: false, b: false },
        ...answer,
      };
    },
  };
}

export function start(environment: BatchedEnvironment, seed = 1) {
  const output = createOutputs(environment.groups, environment.batchSize);
  const actions = createActions(environment.groups, environment.batchSize);
  environment.reset(seed, output);
  return { output, actions, step: () => environment.step(actions, output) };
}

/** What a batch says of the team: its rewards [B], scores and whether they were said [B, K]. */
export function toldBy(environment: BatchedEnvironment): { pay: number[]; score: number[]; said: number[] } {
  const pay = new Float32Array(environment.batchSize).fill(9);
  const score = new Float32Array(environment.batchSize * environment.feedbackKinds!.length).fill(9);
  const said = new Uint8Array(score.length).fill(9);
  environment.teamReward!(pay);
  environment.feedback!(score, said);
  return { pay: [...pay], score: [...score], said: [...said] };
}

/** What a batch says of the episodes that just ended, [B, names]; 9 where it says nothing. */
export function scoresOf(environment: BatchedEnvironment): number[] {
  const out = new Float32Array(environment.batchSize * environment.scoreNames!.length).fill(9);
  environment.scores!(out);
  return [...out];
}

/** What a batch says that the last step would be paid, [B, tasks]; 9 where it says nothing. */
export function tasksOf(environment: BatchedEnvironment): number[] {
  const out = new Float32Array(environment.batchSize * environment.taskNames!.length).fill(9);
  environment.taskRewards!(out);
  return [...out];
}

export const END: Partial<Step> = { terminated: { a: true, b: false }, truncated: { a: false, b: true } };
