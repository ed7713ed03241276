import { type Json, restoreStream, type Stream, stream } from '../../core/index.ts';
import type { Environment, First, Step } from '../environment.ts';
import type { SpaceValue } from '../space.ts';
import { randomAction } from './actions.ts';
import { fingerprint } from './fingerprint.ts';
import { messageOf } from './report.ts';

export type Actions = Record<string, SpaceValue>;

/** Who looks on, and from where. Everything is optional. */
export interface Hooks {
  /** Wraps every call into the environment. */
  readonly call?: <T>(call: () => T) => T;
  readonly onFirst?: (first: First) => void;
  /** `living`: who was alive before the step. */
  readonly onStep?: (living: readonly string[], actions: Actions, step: Step) => void;
  /** Whether to keep fingerprints; they cost more than many an environment. Default true. */
  readonly record?: boolean;
  /** What to hand over in place of the chosen actions. */
  readonly arrange?: (actions: Actions) => Actions;
}

/**
 * One episode that the checker plays, at random but the same for the same seed and masks. It follows what the
 * environment says, right or wrong, and keeps a fingerprint of every answer: equal fingerprints, equal episodes.
 */
export class Episode {
  readonly prints: string[] = [];
  living: readonly string[] = [];
  masks: Readonly<Record<string, readonly number[]>> = {};
  steps = 0;
  /** What the environment threw, or said so that nobody could go on. */
  threw: string | null = null;
  /** An agent had no legal action. */
  stuck = false;
  private started = false;
  private ended = new Set<string>();
  private random: Stream;

  constructor(
    private readonly environment: Environment,
    readonly seed: number,
    private readonly hooks: Hooks = {},
  ) {
    this.random = stream(seed, 'check/actions');
  }

  /** Resets the environment. */
  begin(level?: Json): this {
    const { seed } = this;
    this.guard(() => {
      const first = this.call(() => this.environment.reset(level === undefined ? { seed } : { seed, level }));
      this.print(first);
      if (typeof first?.observations !== 'object' || first.observations === null)
        throw new Error('reset answered no observations');
      this.started = true;
      this.follow(first, Object.keys(first.observations));
      this.hooks.onFirst?.(first);
    });
    return this;
  }

  /** Whether somebody is alive and able to act. */
  get goesOn(): boolean {
    return this.living.length > 0 && this.threw === null && !this.stuck;
  }

  /** Whether it came to its natural end: everybody terminated or truncated. */
  get isOver(): boolean {
    return this.steps > 0 && this.living.length === 0 && this.threw === null;
  }

  /** A random legal action for everybody alive; null where somebody has none. */
  choose(): Actions | null {
    const actions: Actions = {};
    for (const agent of this.living) {
      const action = randomAction(this.environment.spaces[agent]!.action, this.masks[agent], this.random);
      if (action === null) return null;
      actions[agent] = action;
    }
    return actions;
  }

  /** One step, if it goes on. */
  advance(): void {
    if (!this.goesOn) return;
    const actions = this.choose();
    if (actions === null) {
      this.stuck = true;
      return;
    }
    this.guard(() => {
      const { living } = this;
      const passed = this.hooks.arrange?.(actions) ?? actions;
      const step = this.call(() => this.environment.step(passed));
      this.steps++;
      this.print(step);
      for (const part of ['observations', 'rewards', 'terminated', 'truncated'] as const)
        if (typeof step?.[part] !== 'object' || step[part] === null) throw new Error(`step answered no ${part}`);
      const gone = living.filter(
        (agent) => step.terminated[agent] || step.truncated[agent] || !Object.hasOwn(step.observations, agent),
      );
      for (const agent of gone) this.ended.add(agent);
      // An agent that comes back against the rules is followed too, so that only the rule about it is broken.
      this.follow(
        step,
        Object.keys(step.observations).filter((agent) => !gone.includes(agent) && !step.terminated[agent]),
      );
      this.hooks.onStep?.(living, actions, step);
    });
  }

  /** Plays on to the end, or until `limit` steps were played in all. */
  play(limit: number): this {
    while (this.goesOn && this.steps < limit) this.advance();
    return this;
  }

  /** Whether `agent` had its last step already. */
  hasEnded(agent: string): boolean {
    return this.ended.has(agent);
  }

  /** The rest of this episode, played in another environment (one that was restored to this point). */
  continueIn(environment: Environment): Episode {
    const rest = new Episode(environment, this.seed);
    rest.living = this.living;
    rest.masks = this.masks;
    rest.steps = this.steps;
    rest.ended = new Set(this.ended);
    rest.random = restoreStream(this.random.state());
    return rest;
  }

  private follow(first: First, living: readonly string[]): void {
    this.living = living.filter((agent) => this.environment.spaces[agent] !== undefined);
    // A copy: the environment may break its promise and change what it returned.
    this.masks = first.actionMasks === undefined ? {} : structuredClone(first.actionMasks);
  }

  private print(answer: unknown): void {
    if (this.hooks.record !== false) this.prints.push(fingerprint(answer));
  }

  private call<T>(action: () => T): T {
    return this.hooks.call === undefined ? action() : this.hooks.call(action);
  }

  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.threw = `${this.started ? `step ${this.steps + 1}` : 'reset'}: ${messageOf(error)}`;
      this.prints.push(`threw ${messageOf(error)}`);
    }
  }
}
