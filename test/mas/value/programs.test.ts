import assert from 'node:assert/strict';
import { stream } from '../../../core/index.ts';
import { Batch, type BatchSources } from '../../../mas/value/batch.ts';
import { RoleCredit, TeamCredit } from '../../../mas/value/credit.ts';
import type { SharedValueOptions } from '../../../mas/value/index.ts';
import { JointNetwork } from '../../../mas/value/joint-network.ts';
import { createLearnerPrograms, type LearnerPrograms, ROLE_METRICS } from '../../../mas/value/learner-programs.ts';
import { rolesOf } from '../../../mas/value/role.ts';
import { Round } from '../../../mas/value/round.ts';
import { compile, float32, onnxExecutor, type Program, pack, type Value } from '../../../nn/index.ts';
import { box, discrete, type FeedbackKind, type Group } from '../../../worlds/index.ts';
import { assertClose } from '../../nn/close.ts';
import { B, desk, eventful, kinds, reading, T } from './desk.ts';
import { plain } from './rig.ts';

interface Rig {
  readonly network: JointNetwork;
  readonly programs: LearnerPrograms;
  readonly sources: BatchSources;
  readonly parameters: Value;
}

/** Networks with weights drawn by lot, and an eventful round of these groups. */
function rig(groups: readonly Group[], options: SharedValueOptions, said: readonly FeedbackKind[]): Rig {
  const network = new JointNetwork(rolesOf(groups), options, said);
  const parameters = pack(network.initialise((purpose) => stream(1, purpose)));
  const random = stream(2, 'weights');
  for (let i = 0; i < parameters.data.length; i++) parameters.data[i]! += 0.2 * random.normal();
  const readers = network.policy.encoders.map(({ reader }) => reader);
  const round = new Round(network.roles, readers, said, T, B);
  round.read(eventful(groups, said, 1));
  const credits = network.roles.map((role) => new RoleCredit(role, round, options));
  const team = new TeamCredit(round, options);
  for (const credit of credits) {
    credit.begin();
    credit.judge();
  }
  team.judge();
  const sources = { round, credits, team, isComa: options.credit === 'coma' };
  return { network, programs: createLearnerPrograms(network, options, onnxExecutor()), sources, parameters };
}

const everything = Int32Array.from({ length: T * B }, (_, sample) => sample);

describe('the programs of the learner', () => {
  const choosers: Group[] = [
    { name: 'pair', agents: ['a', 'b'], observation: box([2], -9, 9), action: discrete(3), masked: false },
    { name: 'lone', agents: ['c'], observation: box([3], -9, 9), action: discrete(2), masked: true },
  ];
  const coma: SharedValueOptions = { ...plain, rollout: T, credit: 'coma' };

  const cases: [string, readonly Group[], SharedValueOptions, readonly FeedbackKind[]][] = [
    ['roles that read, point, choose and turn', desk, reading, kinds],
    ['a critic of actions', choosers, coma, []],
  ];
  for (const [name, groups, options, said] of cases) {
    it(`have the gradient that finite differences find, with ${name}`, () => {
      const { network, programs, sources, parameters } = rig(groups, options, said);
      const batch = new Batch(T * B, sources, true);
      batch.fill(everything);
      // As if another policy had acted: ratios that are not 1, some of them clipped.
      const inputs = { ...batch.inputs() };
      const random = stream(3, 'old');
      const roles = network.roles.length;
      for (let r = 0; r < roles; r++) {
        const { data } = inputs[`${r}/logProbability`]!;
        for (let i = 0; i < data.length; i++) data[i] = -2 + random.normal();
      }
      const shares = float32([2 * roles + 1], new Float32Array(2 * roles + 1).fill(1 / T / B));
      const measure = (vector: Value): { loss: number; gradient: ArrayLike<number> } => {
        const { gradient, metrics } = programs.gradient.run({ ...inputs, shares, parameters: vector });
        let loss = options.valueCoefficient * metrics!.data.at(-1)!;
        for (let r = 0; r < roles; r++) {
          const [policy, value, entropy] = metrics!.data.subarray(r * ROLE_METRICS.length);
          loss += policy! + options.valueCoefficient * value! - options.entropyCoefficient * entropy!;
        }
        return { loss, gradient: gradient!.data };
      };
      const { gradient } = measure(parameters);
      const places = stream(4, 'places');
      let wrong = 0;
      for (let i = 0; i < 50; i++) {
        const at = places.integer(parameters.data.length);
        const [low, high] = [-1, 1].map((sign) => {
          const other = float32(parameters.shape, (parameters.data as Float32Array).slice());
          other.data[at]! += sign * 4e-3;
          return measure(other).loss;
        });
        const slope = (high! - low!) / 8e-3;
        if (Math.abs(slope - gradient[at]!) > 2e-3 + 0.03 * Math.abs(slope)) wrong++;
      }
      // Relu and clipping bend: at a few places the difference straddles one.
      assert.ok(wrong <= 2, `${wrong} of 50`);
      programs.gradient.dispose();
    });
  }

  it('find as a baseline what Q is in the mean, each own action tried in turn', () => {
    const { network, programs, sources, parameters } = rig(choosers, coma, []);
    const batch = new Batch(T * B, sources, false);
    batch.fill(everything);
    const inputs = batch.inputs();
    const found = programs.estimate.run({ ...inputs, parameters });
    const probabilities = chances(network, inputs, parameters);
    for (const [r, { N, choices }] of network.roles.entries()) {
      const acted = inputs[`${r}/acted`]!.data as Int32Array;
      for (let n = 0; n < N; n++) {
        const before = acted.slice();
        const mean = new Float64Array(T * B);
        for (let action = 0; action < choices![0]!; action++) {
          // Agent n alone does something else; the critic does not see it, and reads off another entry.
          for (let s = 0; s < T * B; s++) if (before[s * N + n]! >= 0) acted[s * N + n] = action;
          const { data } = programs.estimate.run({ ...inputs, parameters })[`taken/${r}`]!;
          for (let s = 0; s < T * B; s++) mean[s]! += (probabilities[r]![s * N + n]?.[action] ?? 0) * data[s * N + n]!;
        }
        acted.set(before);
        const wanted = Array.from({ length: T * B }, (_, s) => (before[s * N + n]! >= 0 ? mean[s]! : 0));
        const got = wanted.map((_, s) => (before[s * N + n]! >= 0 ? found[`baseline/${r}`]!.data[s * N + n]! : 0));
        assertClose(got, wanted, 1e-5);
      }
    }
  });
});

/** Each role's chances at every place of a batch: [S n] of lists, empty where nobody decides. */
function chances(network: JointNetwork, inputs: Readonly<Record<string, Value>>, parameters: Value): number[][][] {
  const programs = network.roles.map((_, r) => evaluation(network, r));
  return network.roles.map(({ choices, A }, r) => {
    const index = inputs[`${r}/index`]?.data;
    const rows = inputs[`${r}/observation`]!.shape[0]!;
    const each = Array.from({ length: choices![0]! }, (_, action) => {
      const own = {
        ...inputs,
        [`${r}/action`]: { dtype: 'int32', shape: [rows, A], data: new Int32Array(rows).fill(action) },
      };
      return programs[r]!.run({ ...(own as typeof inputs), parameters }).logProbability!.data;
    });
    const places = inputs[`${r}/acted`]!.data.length;
    return Array.from({ length: places }, (_, i) => {
      const row = index === undefined ? i : index[i]!;
      return row >= rows ? [] : each.map((logged) => Math.exp(logged[row]!));
    });
  });
}

/** The role's head at given actions. */
function evaluation(network: JointNetwork, r: number): Program {
  return compile((inputs) => {
    const parameters = network.unpacked(inputs.parameters!);
    const encoded = network.see(parameters, inputs).encoded[r]!;
    const head = network.policy.headOf(parameters.policy, r);
    return network.policy.heads[r]!.evaluate(head, encoded, inputs[`${r}/mask`], inputs[`${r}/action`]!);
  });
}
