import { LightbulbError, suggest } from '../../core/index.ts';
import { type BatchedEnvironment, printSpace, spaceKey } from '../../worlds/index.ts';
import { isCount, isFraction, isPositive } from '../check-options.ts';
import {
  channelsNeeded,
  createStepTokens,
  discreteNeeded,
  type PatchShape,
  type StepSpaces,
  type StepTokens,
  vocabularyOf,
} from '../tokens/index.ts';
import { GatoModel } from './model.ts';
import type { GatoOptions } from './options.ts';
import type { GatoSpec, GatoTask } from './task.ts';

/** A task whose groups can be written as tokens. */
export interface PlannedTask extends GatoTask {
  /** By group of the dataset, and of the environment. */
  readonly tokens: readonly StepTokens[];
}

/** The parts that all of a generalist's phases share. */
export interface GatoPlan {
  readonly model: GatoModel;
  readonly tasks: readonly PlannedTask[];
  /** null where no task shows pictures. */
  readonly patch: PatchShape | null;
}

/**
 * One vocabulary and one model for all tasks. Errors, with the JSON pointer in a scenario file: `invalid_input` for
 * options that do not fit each other or the tasks, `mismatch` where a task's environment is not that of its dataset.
 */
export function planGato({ tasks, tokenizer, options, steps }: GatoSpec): GatoPlan {
  checkNumbers(options, steps);
  checkTasks(tasks, options);
  const spaces = tasks.map(({ source }) =>
    source.manifest.groups.map(
      ({ observation, action, agents }): StepSpaces => ({ observation, action, agents: agents.length }),
    ),
  );
  const all = spaces.flat();
  const { bins, textTokens, patch: size } = options.tokens;
  const vocabulary = vocabularyOf({
    text: tokenizer.size,
    discrete: Math.max(...all.map(discreteNeeded)),
    bins,
    codes: 0,
  });
  const channels = Math.max(...all.map(channelsNeeded));
  const patch = { size, channels: Math.max(1, channels) };
  const settings = { vocabulary, tokenizer, textTokens, patch, imageCodes: null };
  const planned = tasks.map((task, i): PlannedTask => {
    const tokens = spaces[i]!.map((of) => createStepTokens(of, settings));
    checkLength(task.name, tokens, options);
    return { ...task, tokens };
  });
  const layouts = planned.flatMap(({ tokens }) => tokens.map(({ layout }) => layout));
  const shown = layouts.some(({ patches }) => patches > 0) ? patch : null;
  const model = inBackbone(
    () =>
      new GatoModel({
        vocabulary,
        backbone: options.backbone,
        length: options.length,
        localPositions: Math.max(...layouts.map(({ observationTokens }) => observationTokens)),
        patch: shown,
        hasValue: options.reinforcement !== null,
      }),
  );
  return { model, tasks: planned, patch: shown };
}

/** Most tokens of a step. */
function stepTokensOf({ layout }: StepTokens): number {
  return layout.observationTokens + layout.actionTokens;
}

function checkTasks(tasks: readonly GatoTask[], { reinforcement }: GatoOptions): void {
  if (tasks.length === 0) throw wrong('/tasks', 'at least one task', 'none');
  const names = tasks.map(({ name }) => name);
  for (const [i, { name, weight, source, make }] of tasks.entries()) {
    if (names.indexOf(name) !== i) throw wrong(`/tasks/${name}`, 'each name once', 'twice');
    if (!isPositive(weight)) throw wrong(`/tasks/${name}/weight`, 'a number above 0', weight);
    if (source.manifest.groups.length === 0) throw wrong(`/tasks/${name}`, 'a dataset with agents', 'none');
    if (make === null) continue;
    const probe = make(1);
    try {
      checkGroups(name, source.manifest.groups, probe);
    } finally {
      probe.close?.();
    }
  }
  if (reinforcement === null) return;
  const where = '/learner/reinforcement/task';
  const learned = tasks.find(({ name }) => name === reinforcement.task);
  if (learned === undefined)
    throw new LightbulbError('invalid_input', 'there is no such task', {
      where,
      got: reinforcement.task,
      cure: suggest(reinforcement.task, names),
    });
  if (learned.make === null) throw wrong(where, 'a task with an environment', `${learned.name}, a corpus`);
}

/** Tokens are made for what the dataset shows: the environment has to show the same. */
function checkGroups(
  name: string,
  wanted: GatoTask['source']['manifest']['groups'],
  { groups }: Pick<BatchedEnvironment, 'groups'>,
): void {
  const differs = (problem: string, wantedPart: string, got: string): LightbulbError =>
    new LightbulbError('mismatch', problem, {
      where: `/tasks/${name}`,
      wanted: wantedPart,
      got,
      cure: "Record the task's episodes anew",
    });
  if (groups.length !== wanted.length)
    throw differs(
      'the environment has other groups of agents than the dataset',
      `${wanted.length}`,
      `${groups.length}`,
    );
  for (const [g, { observation, action, agents }] of wanted.entries()) {
    const found = groups[g]!;
    for (const [what, of, is] of [
      ['observations', observation, found.observation],
      ['actions', action, found.action],
    ] as const) {
      if (of !== null && spaceKey(of) === spaceKey(is)) continue;
      throw differs(
        `the environment has other ${what} than the dataset`,
        of === null ? 'none' : printSpace(of),
        printSpace(is),
      );
    }
    if (agents.length !== found.agents.length)
      throw differs(
        'the environment has more or fewer agents than the dataset',
        `${agents.length}`,
        `${found.agents.length}`,
      );
  }
}

function checkLength(task: string, tokens: readonly StepTokens[], { length }: GatoOptions): void {
  for (const of of tokens) {
    const most = stepTokensOf(of);
    if (most <= length) continue;
    throw new LightbulbError('invalid_input', `a time step of ${task} does not fit into a row`, {
      where: '/learner/length',
      wanted: `at least ${most} tokens`,
      got: String(length),
      cure: of.layout.isFixed ? 'Make rows longer' : 'Make rows longer, or texts shorter (tokens/textTokens)',
    });
  }
}

/** Numbers by place: what they must be, in words, and whether they are. */
function checkNumbers(options: GatoOptions, steps: number): void {
  const { prompt, loss, reinforcement } = options;
  const whole = 'a whole number above 0';
  const share = 'a number from 0 to 1';
  const isWeight = (value: number): boolean => Number.isFinite(value) && value >= 0;
  const updates = cloningUpdates(options, steps);
  const ranges: readonly (readonly [string, number, string, boolean])[] = [
    ['length', options.length, whole, isCount(options.length)],
    ['batch', options.batch, whole, isCount(options.batch)],
    ['context', options.context, whole, isCount(options.context)],
    ['updatesPerIteration', options.updatesPerIteration, whole, isCount(options.updatesPerIteration)],
    ['tokens/patch', options.tokens.patch, whole, isCount(options.tokens.patch)],
    ['prompt/share', prompt.share, share, isFraction(prompt.share)],
    ['prompt/fromEnd', prompt.fromEnd, share, isFraction(prompt.fromEnd)],
    ['prompt/steps', prompt.steps, whole, isCount(prompt.steps)],
    ['loss/action', loss.action, 'a number from 0', isWeight(loss.action)],
    ['loss/text', loss.text, 'a number from 0', isWeight(loss.text)],
    ['loss/observation', loss.observation, 'a number from 0', isWeight(loss.observation)],
    ['learningRate', options.learningRate, 'a number above 0', isPositive(options.learningRate)],
    [
      'warmup',
      options.warmup,
      `a whole number below the updates of cloning, ${updates}`,
      Number.isSafeInteger(options.warmup) && options.warmup >= 0 && (updates === 0 || options.warmup < updates),
    ],
    ['beta2', options.beta2, 'a number from 0, below 1', isFraction(options.beta2) && options.beta2 < 1],
    ['weightDecay', options.weightDecay, 'a number from 0', isWeight(options.weightDecay)],
    ['maximumGradientNorm', options.maximumGradientNorm, 'a number above 0', isPositive(options.maximumGradientNorm)],
  ];
  for (const [where, value, wanted, isGood] of ranges) if (!isGood) throw wrong(`/learner/${where}`, wanted, value);
  if (loss.action + loss.text + loss.observation === 0)
    throw wrong('/learner/loss', 'a weight above 0', 'zeros: nothing would be learned');
  if (reinforcement !== null && !(Number.isSafeInteger(reinforcement.after) && reinforcement.after >= 0))
    throw wrong('/learner/reinforcement/after', 'a whole number from 0', reinforcement.after);
}

/** Updates before reinforcement takes over: all of them without it. */
export function cloningUpdates({ reinforcement }: GatoOptions, steps: number): number {
  return reinforcement === null ? steps : Math.min(reinforcement.after, steps);
}

/** A backbone knows its own settings' places, not the file's. */
function inBackbone<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof LightbulbError) || error.parts.where === undefined) throw error;
    const { where, ...parts } = error.parts;
    throw new LightbulbError(error.code, 'a backbone cannot be built so', {
      ...parts,
      where: `/learner/backbone${where}`,
    });
  }
}

function wrong(where: string, wanted: string, got: string | number): LightbulbError {
  return new LightbulbError('invalid_input', 'a generalist cannot be trained so', { where, wanted, got: String(got) });
}
