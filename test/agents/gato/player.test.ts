import assert from 'node:assert/strict';
import { Collector } from '../../../agents/collector.ts';
import { ActingPrograms } from '../../../agents/gato/acting-programs.ts';
import { createGatoPlayer, type GatoPlayerOptions } from '../../../agents/gato/player.ts';
import { stream } from '../../../core/index.ts';
import { float32, onnxExecutor, tf, type Value } from '../../../nn/index.ts';
import {
  type BatchedEnvironment,
  batch,
  cartpole,
  counting,
  dodge,
  type Environment,
  pendulum,
  simpleSpread,
  simpleTag,
} from '../../../worlds/index.ts';
import { tinyGato, tokensOf, WholeRows } from './whole-rows.ts';

const executor = onnxExecutor();

interface Case {
  readonly make: () => BatchedEnvironment;
  readonly steps: number;
  readonly context: number;
  readonly overlap: number;
  /** Of the parameters: not all say something else at each step. */
  readonly seed?: number;
}

const CASES: Readonly<Record<string, Case>> = {
  'cart pole, beginning anew when the context is full': {
    make: () => cartpole(3),
    steps: 30,
    context: 4,
    overlap: 0,
    seed: 3,
  },
  'cart pole, reading the last steps again': { make: () => cartpole(3), steps: 30, context: 5, overlap: 3, seed: 3 },
  'a continuous action': { make: () => pendulum(2, { maximumSteps: 7 }), steps: 12, context: 4, overlap: 1 },
  'three agents, with their index': { make: () => simpleSpread(2, { cycles: 5 }), steps: 8, context: 3, overlap: 1 },
  'two groups': { make: () => simpleTag(1, { cycles: 4 }), steps: 6, context: 3, overlap: 2, seed: 2 },
  'masks, deaths and ends of episodes': {
    make: () => counting(2, { agents: 3, length: 6, deaths: true, masks: true }),
    steps: 20,
    context: 4,
    overlap: 2,
  },
  'a context of one step': { make: () => counting(2, { masks: true }), steps: 8, context: 1, overlap: 0 },
  pictures: { make: () => dodge(2, { size: 12, cell: 4, maximumSteps: 9 }), steps: 14, context: 4, overlap: 2 },
  'three components, texts of any length, masks': {
    make: () => batch(() => new Chatter(), 3),
    steps: 14,
    context: 4,
    overlap: 2,
  },
};

describe('a player of a generalist', () => {
  before(() => tf.setBackend('cpu'));

  for (const [name, { make, steps, context, overlap, seed }] of Object.entries(CASES))
    it(`chooses what whole sequences say is most likely: ${name}`, async () => {
      const environment = make();
      const collector = new Collector(environment, steps);
      const tokens = tokensOf(environment);
      const { model, parameters } = tinyGato({}, seed);
      const player = createGatoPlayer(collector, {
        ...{ model, tokens, context, overlap, executor },
        parameters: () => parameters,
        noise: null,
      });
      collector.reset(7);
      await collector.collect(player, true);
      const taken = new Set<number>();
      for (const [g, own] of tokens.entries()) {
        const whole = new WholeRows(collector, g, own, model, parameters, context, overlap);
        const choices = whole.choices();
        whole.dispose();
        for (const { t, row, component, id, logits } of choices) {
          const best = Math.max(...logits.values());
          const at = `step ${t}, row ${row}, component ${component}`;
          assert.ok(logits.has(id), `${at}: ${id} is not legal`);
          assert.ok(best - logits.get(id)! < 1e-4, `${at}: took ${id}, ${best - logits.get(id)!} below the best`);
          taken.add(id);
        }
        // The dead do nothing.
        const { alive, action, sizes } = collector.groups[g]!;
        for (let seat = 0; seat < alive.length - collector.B * sizes.N; seat++)
          if (alive[seat] === 0)
            for (let a = 0; a < sizes.A; a++) assert.equal(action[seat * sizes.A + a], 0, `seat ${seat}`);
      }
      assert.ok(taken.size > 1, 'the same choice at each step tests nothing');
      player.dispose();
      environment.close?.();
    });

  it('goes on over rollouts, and forgets when told to', async () => {
    const play = async (T: number, isForgetting = false): Promise<number[]> => {
      const environment = pendulum(2);
      const collector = new Collector(environment, T);
      const player = playerOf(collector, { context: 4, overlap: 2 });
      collector.reset(3);
      const actions: number[] = [];
      for (let step = 0; step < 12; step += T) {
        await collector.collect(player, step === 0);
        actions.push(...collector.groups[0]!.action);
        if (isForgetting) player.forget();
      }
      player.dispose();
      return actions;
    };
    const whole = await play(12);
    assert.deepEqual(await play(3), whole);
    assert.notDeepEqual(await play(3, true), whole);
  });

  it('draws actions as often as the softmax says, from its stream alone', async () => {
    const copies = 400;
    const environment = counting(copies, { choices: 4, masks: true, length: 3 });
    // All copies are shown the same, so that their first choices are draws from one distribution.
    const same: BatchedEnvironment = {
      ...{ batchSize: copies, groups: environment.groups, stateSize: 0 },
      reset: (seed, output) => {
        environment.reset(seed, output);
        for (const { observation } of output) observation.fill(0);
      },
      step: (actions, output) => environment.step(actions, output),
      snapshot: () => environment.snapshot(),
      restore: (snapshot) => environment.restore(snapshot),
    };
    const { model, parameters } = tinyGato();
    const collector = new Collector(same, 1);
    const drawn = async (seed: number): Promise<number[]> => {
      const player = playerOf(collector, { noise: stream(seed, 'noise') });
      collector.reset(1);
      await collector.collect(player, true);
      player.dispose();
      return [...collector.groups[0]!.action];
    };
    const counts = [0, 0, 0, 0];
    for (const seed of [1, 2, 3, 4, 5]) for (const action of await drawn(seed)) counts[action]!++;
    const [tokens] = tokensOf(same);
    const whole = new WholeRows(collector, 0, tokens!, model, parameters, 4, 0);
    const { logits } = whole.choices(1)[0]!;
    whole.dispose();
    const powers = counts.map((_, i) => Math.exp(logits.get(tokens!.layout.legal[0]!.start + i) ?? -Infinity));
    const sum = powers.reduce((a, b) => a + b);
    const shares = powers.map((power) => power / sum);
    assert.equal(counts[1], 0, 'the illegal choice');
    const draws = 5 * copies;
    const chiSquare = [0, 2, 3].reduce(
      (sum, i) => sum + (counts[i]! - draws * shares[i]!) ** 2 / (draws * shares[i]!),
      0,
    );
    // Two degrees of freedom: above 13.8 once in a thousand.
    assert.ok(chiSquare < 13.8, `chi square ${chiSquare}: ${counts} of ${shares.map((share) => share * draws)}`);
    assert.ok(Math.max(...shares) < 0.95, `too sure to tell: ${shares}`);
    assert.deepEqual(await drawn(5), await drawn(5));
  });

  it('follows parameters that change in place, take turns, or are others altogether', async () => {
    const { model, parameters } = tinyGato();
    const other = Object.fromEntries(
      Object.entries(parameters).map(([path, { shape, data }]): [string, Value] => [
        path,
        float32(
          shape,
          Float32Array.from(data, (x, i) => x * (1 + 0.5 * Math.sin(i))),
        ),
      ]),
    );
    const views = (values: Readonly<Record<string, Value>>): Record<string, Value> =>
      Object.fromEntries(
        Object.entries(values).map(([path, { shape, data }]): [string, Value] => [
          path,
          float32(shape, (data as Float32Array).subarray(0)),
        ]),
      );
    const copyOf = (values: Readonly<Record<string, Value>>): Record<string, Value> =>
      Object.fromEntries(
        Object.entries(values).map(([path, { shape, data }]): [string, Value] => [
          path,
          float32(shape, (data as Float32Array).slice()),
        ]),
      );
    const changing = copyOf(parameters);
    const play = async (of: (step: number) => Readonly<Record<string, Value>>): Promise<number[]> => {
      let step = 0;
      const collector = new Collector(pendulum(2), 10);
      const player = playerOf(collector, { model, context: 3, overlap: 1, parameters: () => of(step++) });
      collector.reset(3);
      await collector.collect(player, true);
      player.dispose();
      return [...collector.groups[0]!.action];
    };
    const turns = await play((step) => (step % 2 === 0 ? parameters : other));
    assert.deepEqual(await play((step) => views(step % 2 === 0 ? parameters : other)), turns);
    assert.deepEqual(await play((step) => copyOf(step % 2 === 0 ? parameters : other)), turns);
    const inPlace = await play((step) => {
      for (const [path, { data }] of Object.entries(changing))
        data.set((step % 2 === 0 ? parameters : other)[path]!.data);
      return changing;
    });
    assert.deepEqual(inPlace, turns);
    assert.notDeepEqual(await play(() => parameters), turns);
  });

  it('shares compiled programs that somebody else keeps', async () => {
    const { model } = tinyGato();
    const programs = new ActingPrograms(model, executor);
    const play = async (): Promise<number[]> => {
      const collector = new Collector(cartpole(2), 5);
      const player = playerOf(collector, { model, programs });
      collector.reset(3);
      await collector.collect(player, true);
      player.dispose();
      return [...collector.groups[0]!.action];
    };
    assert.deepEqual(await play(), await play());
    programs.dispose();
  });

  it('remembers as many steps as fit the model', async () => {
    const collector = new Collector(cartpole(1), 10);
    // Four numbers, a separator and an action: three steps of six tokens, of which the last need not be read.
    const { model, parameters } = tinyGato({ length: 17 });
    const player = playerOf(collector, { model, parameters: () => parameters, context: 50, overlap: 20 });
    collector.reset(3);
    await collector.collect(player, true);
    const whole = new WholeRows(collector, 0, tokensOf(collector.environment)[0]!, tinyGato().model, parameters, 3, 2);
    for (const { id, logits } of whole.choices()) assert.ok(Math.max(...logits.values()) - logits.get(id)! < 1e-4);
    whole.dispose();
    player.dispose();
  });

  it('refuses what cannot be', () => {
    const collector = new Collector(cartpole(1), 1);
    const refused = (options: Partial<GatoPlayerOptions>, wanted: RegExp): void => {
      assert.throws(() => playerOf(collector, options), { code: 'invalid_input', message: wanted });
    };
    refused({ context: 0 }, /context: .*wanted a whole number from 1, got 0/);
    refused({ context: 3, overlap: 3 }, /overlap: .*below 3, got 3/);
    refused({ model: tinyGato({ length: 5 }).model }, /wanted at least 6 tokens, got 5/);
  });

  it('says where an agent has nothing legal to do', async () => {
    const environment = counting(2, { agents: 2, masks: true });
    const collector = new Collector(environment, 1);
    const player = playerOf(collector, {});
    collector.reset(1);
    collector.groups[0]!.actionMask.fill(0, 3 * 4, 4 * 4);
    await assert.rejects(collector.collect(player, true), { code: 'contract', message: /copy 1, agent number 1/ });
    player.dispose();
  });
});

function playerOf(collector: Collector, options: Partial<GatoPlayerOptions>): ReturnType<typeof createGatoPlayer> {
  const { model, parameters } = tinyGato();
  return createGatoPlayer(collector, {
    ...{ model, tokens: tokensOf(collector.environment), context: 4, overlap: 0, noise: null, executor },
    parameters: () => parameters,
    ...options,
  });
}

/** Says something of another length at each step; actions of three components, with masks that change. */
class Chatter implements Environment {
  readonly agents = ['chatter'];
  readonly spaces = {
    chatter: {
      observation: {
        type: 'dict',
        spaces: { number: { type: 'box', shape: [2], low: -1, high: 1 }, text: { type: 'text', maxLength: 6 } },
      },
      action: { type: 'multiDiscrete', n: [3, 4, 2] },
    },
  } as const;
  readonly maximumSteps = 9;
  private clock = 0;
  private heard = 0;

  reset({ seed }: { readonly seed: number }): ReturnType<Environment['reset']> {
    this.clock = 0;
    this.heard = seed % 7;
    return this.seen();
  }

  step({ chatter }: Parameters<Environment['step']>[0]): ReturnType<Environment['step']> {
    const [a, b, c] = chatter as readonly [number, number, number];
    this.heard = (this.heard + a + 3 * b + 5 * c) % 7;
    this.clock++;
    return {
      ...this.seen(),
      rewards: { chatter: 0 },
      terminated: { chatter: false },
      truncated: { chatter: this.clock === this.maximumSteps },
    };
  }

  private seen(): ReturnType<Environment['reset']> {
    const choice = this.clock % 3;
    return {
      observations: {
        chatter: { number: [this.heard / 7, -this.clock / 9], text: 'abcdef'.slice(0, (this.heard + this.clock) % 7) },
      },
      actionMasks: { chatter: [0, 1, 2, 0, 1, 2, 3, 0, 1].map((i, at) => Number(at >= 3 || i !== choice)) },
    };
  }
}
