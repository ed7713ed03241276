import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import type { Track } from '../../../agents/datasets/index.ts';
import {
  byteTokenizer,
  type Checkpoint,
  createGato,
  type GatoOptions,
  type GatoSpec,
  type GatoTask,
  gatoDefaults,
  reinforcementDefaults,
  type Training,
} from '../../../agents/index.ts';
import { type ErrorCode, LightbulbError } from '../../../core/index.ts';
import {
  type BatchedEnvironment,
  counting,
  dodge,
  dodgeBlocks,
  echoClock,
  flatSize,
  flatten,
  type ScriptedPolicy,
  type Space,
  text,
} from '../../../worlds/index.ts';
import { EpisodeSource, groupsOf, playTracks } from './episode-source.ts';

type Make = (copies: number) => BatchedEnvironment;

const pair: Make = (copies) => counting(copies, { agents: 2, length: 6 });

function played(name: string, make: Make, policy: ScriptedPolicy, changes: Partial<GatoTask> = {}): GatoTask {
  const source = new EpisodeSource(groupsOf(make(1)), playTracks(make(1), policy, 12, 1), 4, 1);
  return { name, source, weight: 1, make, episodes: null, random: 3, expert: 12, ...changes };
}

const echo = (changes: Partial<GatoTask> = {}): GatoTask => played('echo', pair, echoClock(4), changes);

/** Texts that nobody acts on. */
function corpus(): GatoTask {
  const observation: Space = text(8);
  const tracks = ['left', 'right', 'left'].map((words, episode): Track => {
    const numbers = new Float32Array(flatSize(observation));
    flatten(observation, words, numbers, 0);
    return {
      group: 0,
      agent: 0,
      episode,
      steps: 1,
      observation: numbers,
      action: new Int32Array(0),
      actionMask: new Uint8Array(0),
      reward: new Float32Array(1),
      terminated: false,
      truncated: true,
    };
  });
  const groups = [{ name: 'text', agents: ['text'], observation, action: null, mask: 0 }];
  const source = new EpisodeSource(groups, tracks, 1, 1);
  return { name: 'texts', source, weight: 0.5, make: null, episodes: null, random: 0, expert: 1 };
}

function specOf(
  tasks: readonly GatoTask[],
  options: Partial<GatoOptions> = {},
  changes: Partial<GatoSpec> = {},
): GatoSpec {
  return {
    seed: 1,
    steps: 100,
    tasks,
    tokenizer: byteTokenizer(),
    executor: 'onnx',
    device: 'auto',
    threads: 1,
    ...changes,
    options: {
      ...gatoDefaults,
      backbone: { ...gatoDefaults.backbone, width: 32, layers: 2, heads: 2 },
      tokens: { text: 'bytes', textTokens: 8, bins: 64, patch: 4 },
      length: 48,
      batch: 6,
      context: 4,
      learningRate: 1.5e-3,
      warmup: 5,
      updatesPerIteration: 10,
      ...options,
    },
  };
}

async function advanceTo(training: Training, step: number): Promise<Record<string, number>[]> {
  const metrics: Record<string, number>[] = [];
  while (training.step < step) metrics.push({ ...(await training.advance()).metrics });
  return metrics;
}

/** As it comes back from disk. */
const stored = ({ tensors, state }: Checkpoint): Checkpoint => ({ tensors, state: JSON.parse(JSON.stringify(state)) });

function assertSame(a: Checkpoint, b: Checkpoint): void {
  deepEqual(Object.keys(a.tensors).sort(), Object.keys(b.tensors).sort());
  for (const [name, { shape, data }] of Object.entries(a.tensors)) {
    deepEqual(b.tensors[name]!.shape, shape);
    ok(
      data.every((value, i) => Object.is(value, b.tensors[name]!.data[i])),
      name,
    );
  }
  deepEqual(stored(a).state, stored(b).state);
}

describe('a generalist', () => {
  it('clones an expert of two agents, and says how it plays', async () => {
    // One step of context: given its own last actions, a clone learns to repeat them.
    const training = await createGato(specOf([echo()], { context: 1 }));
    const metrics = await advanceTo(training, 100);
    equal(training.step, 100);
    // The mean of the first ten updates is far above that of the last ten.
    ok(metrics[0]!.loss! > 1 && metrics.at(-1)!.loss! < 0.5, JSON.stringify([metrics[0], metrics.at(-1)]));
    ok(metrics.at(-1)!['accuracy/echo/action']! > 0.95);
    // The cosine has come down to a tenth.
    ok(Math.abs(metrics.at(-1)!.learningRate! - 1.5e-4) < 1e-9);
    const evaluation = await training.evaluate({ episodes: 4, seed: 5, deterministic: true });
    const task = evaluation.tasks!.echo!;
    equal(evaluation.episodes, 4);
    ok(task.return.mean >= 11, `return ${task.return.mean} of 12`);
    equal(task.score, (task.return.mean - 3) / 9);
    equal(evaluation.return.mean, task.score);
    deepEqual(Object.keys(task.agents), ['agent_0', 'agent_1']);
    deepEqual(evaluation.agents, {});
    const drawn = await training.evaluate({ episodes: 4, seed: 5, deterministic: false });
    ok(drawn.tasks!.echo!.score > 0.5);
    equal(training.step, 100);
    await training.close();
  });

  it('learns pictures, choices and texts at once, and goes on exactly where it was saved', async () => {
    const small: Make = (copies) => dodge(copies, { size: 8, maximumSteps: 20 });
    const build = (): Promise<Training> =>
      createGato(
        specOf(
          [echo({ episodes: 2 }), played('dodge', small, dodgeBlocks(8, 2), { random: 5, expert: 20 }), corpus()],
          { updatesPerIteration: 3, backbone: { ...specOf([]).options.backbone, dropout: 0.1 } },
          { steps: 12 },
        ),
      );
    const [one, other] = [await build(), await build()];
    const first = await advanceTo(one, 6);
    for (const name of ['loss/echo/action', 'loss/dodge/action', 'loss/texts/text']) ok(first[0]![name]! > 3, name);
    ok(!('loss/texts/action' in first[0]!));
    const evaluation = await one.evaluate({ episodes: 3, seed: 2, deterministic: true });
    deepEqual(Object.keys(evaluation.tasks!), ['echo', 'dodge']);
    deepEqual(
      Object.values(evaluation.tasks!).map(({ episodes }) => episodes),
      [2, 3],
    );
    const { echo: a, dodge: b } = evaluation.tasks!;
    equal(evaluation.return.mean, (a!.score + b!.score) / 2);
    equal(evaluation.length, (a!.length + b!.length) / 2);
    other.load(stored(one.save()));
    equal(other.step, 6);
    assertSame(one.save(), other.save());
    deepEqual(await advanceTo(other, 12), await advanceTo(one, 12));
    assertSame(one.save(), other.save());
    await Promise.all([one.close(), other.close()]);
  });

  it('is reinforced after cloning, in the same training', async () => {
    const build = (): Promise<Training> =>
      createGato(
        specOf(
          [echo()],
          {
            warmup: 0,
            reinforcement: {
              ...reinforcementDefaults,
              task: 'echo',
              after: 15,
              copies: 2,
              rollout: 6,
              epochs: 1,
              minibatches: 2,
              valueWarmup: 2,
              targetKl: null,
            },
          },
          { steps: 40 },
        ),
      );
    const [one, other] = [await build(), await build()];
    const cloned = await advanceTo(one, 15);
    equal(one.step, 15, 'cloning ends where it was told to');
    equal(cloned.length, 2);
    const before = await one.evaluate({ episodes: 2, seed: 1, deterministic: true });
    const { step, episodes, metrics } = await one.advance();
    ok(step > 15);
    equal(episodes, 2);
    ok('return/mean' in metrics && !('loss/echo/action' in metrics));
    // The value head warms up: the policy is still the cloned one.
    deepEqual(await one.evaluate({ episodes: 2, seed: 1, deterministic: true }), before);
    other.load(stored(one.save()));
    equal(other.step, step);
    deepEqual((await other.advance()).metrics, (await one.advance()).metrics);
    assertSame(one.save(), other.save());
    await Promise.all([one.close(), other.close()]);
  });

  it('refuses what does not fit, and says where', async () => {
    const { backbone } = specOf([]).options;
    const reinforcement = { ...reinforcementDefaults, task: 'ecko', after: 50 };
    const other: Make = (copies) => counting(copies, { agents: 2, choices: 3 });
    const refused: [where: string, spec: GatoSpec, code?: ErrorCode][] = [
      ['/tasks', specOf([])],
      ['/tasks/echo', specOf([echo(), echo()])],
      ['/tasks/echo', specOf([echo({ make: other })]), 'mismatch'],
      ['/tasks/echo/weight', specOf([echo({ weight: 0 })])],
      ['/learner/length', specOf([echo()], { length: 6 })],
      ['/learner/batch', specOf([echo()], { batch: 0 })],
      ['/learner/warmup', specOf([echo()], { warmup: 100 })],
      ['/learner/prompt/share', specOf([echo()], { prompt: { share: 2, fromEnd: 0, steps: 1 } })],
      ['/learner/loss', specOf([echo()], { loss: { action: 0, text: 0, observation: 0, balance: 'token' } })],
      ['/learner/backbone/heads', specOf([echo()], { backbone: { ...backbone, heads: 3 } })],
      ['/learner/reinforcement/task', specOf([echo()], { reinforcement })],
      [
        '/learner/reinforcement/task',
        specOf([echo(), corpus()], { reinforcement: { ...reinforcement, task: 'texts' } }),
      ],
    ];
    for (const [where, spec, code = 'invalid_input'] of refused)
      await rejects(
        async () => {
          await (await createGato(spec)).close();
        },
        (error) => error instanceof LightbulbError && error.code === code && error.parts.where === where,
        where,
      );
  });

  it('does not take the checkpoint of another network', async () => {
    const training = await createGato(specOf([echo()]));
    const wider = await createGato(specOf([echo()], { backbone: { ...specOf([]).options.backbone, width: 16 } }));
    const checkpoint = training.save();
    await rejects(
      async () => wider.load(checkpoint),
      (error) => error instanceof LightbulbError && error.code === 'mismatch',
    );
    await Promise.all([training.close(), wider.close()]);
  });
});
