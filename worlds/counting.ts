import type { Json } from '../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from './batched.ts';
import { Copies } from './copies.ts';
import { illegalAction, requireCount, requireIntegers, requireOutput } from './guards.ts';
import type { ScriptedPolicy } from './scripted.ts';

export interface CountingOptions {
  /** Default 1. */
  readonly agents?: number;
  /** Steps of an episode. Default 10. */
  readonly length?: number;
  /** Actions of each agent. Default 4. */
  readonly choices?: number;
  /**
   * Agents die one after the other: of `n` agents, number `i` is terminated after `length - (n - 1 - i)` steps (at the
   * earliest after one) and only the last is truncated. Default false: all are truncated at the end.
   */
  readonly deaths?: boolean;
  /** Comes with masks: of more than one choice, `(clock + 1) % choices` is illegal. Default false. */
  readonly masks?: boolean;
}

const NAME = 'counting';
const WIDTH = 4;
const EPISODES = 2 ** 20;

/**
 * A probe of the plumbing, made for this project: all that it shows and pays can be foretold. Every agent sees
 * [clock, copy, episode, agent]: steps since the start of the episode; the copy's index; an integer below 2^20 drawn
 * from the copy's stream at each reset; the agent's index. Reward 1 for the action `clock % choices` of the clock it
 * saw, 0 for all others.
 */
export function counting(copies: number, options: CountingOptions = {}): BatchedEnvironment {
  return new Counting(requireCount(NAME, 'copies', copies), {
    agents: requireCount(NAME, 'agents', options.agents ?? 1),
    length: requireCount(NAME, 'length', options.length ?? 10),
    choices: requireCount(NAME, 'choices', options.choices ?? 4),
    deaths: options.deaths ?? false,
    masks: options.masks ?? false,
  });
}

/** The action that is paid, always. */
export function echoClock(choices: number): ScriptedPolicy {
  return (observation, offset) => observation[offset]! % choices;
}

class Counting implements BatchedEnvironment {
  readonly groups: readonly Group[];
  readonly stateSize = 0;
  readonly maximumSteps: number;
  private readonly copies: Copies;
  private readonly clock: Int32Array;
  private readonly episode: Int32Array;
  /** [N]: the step after which an agent has acted for the last time. */
  private readonly last: Int32Array;

  constructor(
    readonly batchSize: number,
    private readonly options: Required<CountingOptions>,
  ) {
    const { agents, length, choices, deaths, masks } = options;
    this.maximumSteps = length;
    this.groups = [
      {
        name: 'agent',
        agents: Array.from({ length: agents }, (_, i) => `agent_${i}`),
        observation: { type: 'box', shape: [WIDTH], low: 0, high: [length, EPISODES, EPISODES, agents] },
        action: { type: 'discrete', n: choices },
        masked: masks,
      },
    ];
    this.clock = new Int32Array(batchSize);
    this.episode = new Int32Array(batchSize);
    this.last = Int32Array.from({ length: agents }, (_, i) =>
      deaths ? Math.max(1, length - (agents - 1 - i)) : length,
    );
    this.copies = new Copies(NAME, batchSize, { clock: this.clock, episode: this.episode });
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    const out = this.check(output);
    this.copies.start(seed);
    for (let b = 0; b < this.batchSize; b++) this.begin(b);
    this.observe(out);
    out.reward.fill(0);
    out.terminated.fill(0);
    out.truncated.fill(0);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const out = this.check(output);
    const { agents, length, choices, deaths } = this.options;
    const choice = this.checkActions(actions[0]);
    for (let b = 0, at = 0; b < this.batchSize; b++) {
      const before = this.clock[b]!;
      const clock = before + 1;
      for (let i = 0; i < agents; i++, at++) {
        const acted = before < this.last[i]!;
        const ends = clock === this.last[i];
        const dies = ends && deaths && i < agents - 1;
        out.reward[at] = acted && choice[at] === before % choices ? 1 : 0;
        out.terminated[at] = dies ? 1 : 0;
        out.truncated[at] = ends && !dies ? 1 : 0;
        if (ends) this.write(out.finalObservation, at, clock, b, i);
      }
      this.clock[b] = clock;
      if (clock === length) this.begin(b);
    }
    this.observe(out);
  }

  snapshot(): Json {
    return this.copies.snapshot();
  }

  restore(snapshot: Json): void {
    this.copies.restore(snapshot);
  }

  private begin(b: number): void {
    this.clock[b] = 0;
    this.episode[b] = this.copies.stream(b).integer(EPISODES);
  }

  private observe(out: GroupOutput): void {
    const { agents, choices, masks } = this.options;
    for (let b = 0, at = 0; b < this.batchSize; b++) {
      const clock = this.clock[b]!;
      for (let i = 0; i < agents; i++, at++) {
        const alive = clock < this.last[i]!;
        out.alive[at] = alive ? 1 : 0;
        if (alive) this.write(out.observation, at, clock, b, i);
        else out.observation.fill(0, at * WIDTH, (at + 1) * WIDTH);
        if (masks) {
          for (let c = 0; c < choices; c++) out.actionMask[at * choices + c] = alive && this.legal(clock, c) ? 1 : 0;
        }
      }
    }
  }

  private write(target: Float32Array, at: number, clock: number, b: number, agent: number): void {
    target[at * WIDTH] = clock;
    target[at * WIDTH + 1] = b;
    target[at * WIDTH + 2] = this.episode[b]!;
    target[at * WIDTH + 3] = agent;
  }

  private legal(clock: number, choice: number): boolean {
    const { choices, masks } = this.options;
    return !masks || choices === 1 || choice !== (clock + 1) % choices;
  }

  /** Only of the living: nobody reads what the dead do. */
  private checkActions(actions: GroupActions | undefined): Int32Array {
    const { agents, choices } = this.options;
    const group = this.groups[0]!;
    const checked = requireIntegers(NAME, group, this.batchSize, actions);
    for (let b = 0, at = 0; b < this.batchSize; b++) {
      const clock = this.clock[b]!;
      for (let i = 0; i < agents; i++, at++) {
        const choice = checked[at]!;
        if (clock < this.last[i]! && (choice >>> 0 >= choices || !this.legal(clock, choice))) {
          throw illegalAction(NAME, group, at, `a legal choice from 0 to ${choices - 1}`, choice);
        }
      }
    }
    return checked;
  }

  private check(output: readonly GroupOutput[]): GroupOutput {
    const mask = this.options.masks ? this.options.choices : 0;
    return requireOutput(NAME, this.groups, 0, this.batchSize, WIDTH, output, mask);
  }
}
