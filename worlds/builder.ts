import { type Json, LightbulbError } from '../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from './batched.ts';
import { Copies } from './copies.ts';
import type { LevelBuilding } from './environment.ts';
import { illegalAction, requireCount, requireOutput } from './guards.ts';
import { actionChoices, actionComponents, flatSize } from './spaces/index.ts';

const NAME = 'builder';

/** An environment whose episodes make levels. */
export interface LevelBuilder extends BatchedEnvironment {
  /** The level that copy `b` finished last. Error `contract` where it has not finished any since it was made. */
  level(b: number): Json;
}

/**
 * The building of levels as an environment: an episode takes `building.steps` actions, sees the plan before each, and
 * terminates with a whole level. All rewards are 0: what a level is worth is known only once it was played, so whoever
 * lets agents play it tells the builder.
 */
export function levelBuilder(copies: number, building: LevelBuilding): LevelBuilder {
  return new Builder(requireCount(NAME, 'copies', copies), building);
}

class Builder implements LevelBuilder {
  readonly groups: readonly [Group];
  readonly stateSize = 0;
  readonly maximumSteps: number;
  private readonly copies: Copies;
  private readonly plans: Json[];
  private readonly finished: (Json | undefined)[];
  /** [B]: actions that each plan has had. */
  private readonly taken: Int32Array;
  private readonly width: number;
  private readonly components: number;

  constructor(
    readonly batchSize: number,
    private readonly building: LevelBuilding,
  ) {
    const { observation, action, steps } = building;
    this.groups = [{ name: 'builder', agents: ['builder_0'], observation, action, masked: false }];
    this.maximumSteps = requireCount(NAME, 'steps', steps);
    this.width = flatSize(observation);
    this.components = actionComponents(action);
    this.taken = new Int32Array(batchSize);
    this.copies = new Copies(NAME, batchSize, { taken: this.taken });
    this.plans = new Array<Json>(batchSize).fill(null);
    this.finished = new Array<Json | undefined>(batchSize).fill(undefined);
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    const out = this.requireOutput(output);
    this.copies.start(seed);
    for (let b = 0; b < this.batchSize; b++) {
      this.begin(b);
      this.observe(b, out.observation);
    }
    out.reward.fill(0);
    out.terminated.fill(0);
    out.truncated.fill(0);
    out.alive.fill(1);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const chosen = this.requireActions(actions[0]);
    const out = this.requireOutput(output);
    const { building, plans, taken, components } = this;
    for (let b = 0; b < this.batchSize; b++) {
      const plan = building.build(plans[b]!, chosen.subarray(b * components, (b + 1) * components));
      plans[b] = plan;
      const isWhole = ++taken[b]! === building.steps;
      out.terminated[b] = isWhole ? 1 : 0;
      if (isWhole) {
        this.finished[b] = plan;
        this.observe(b, out.finalObservation);
        this.begin(b);
      }
      this.observe(b, out.observation);
    }
    out.reward.fill(0);
    out.truncated.fill(0);
    out.alive.fill(1);
  }

  level(b: number): Json {
    const plan = this.finished[b];
    if (plan !== undefined) return this.building.level(plan);
    throw new LightbulbError('contract', `copy ${b} has finished no level yet`, {
      where: NAME,
      wanted: `${this.building.steps} steps after a reset`,
    });
  }

  /** What was finished before decides nothing that follows, and is no part of it. */
  snapshot(): Json {
    return { copies: this.copies.snapshot(), plans: [...this.plans] };
  }

  restore(snapshot: Json): void {
    const saved = snapshot as { readonly copies?: Json; readonly plans?: readonly Json[] } | null;
    if (saved?.plans?.length !== this.batchSize) {
      throw new LightbulbError('mismatch', 'this snapshot belongs to another environment', {
        where: NAME,
        wanted: `${this.batchSize} plans`,
        got: String(saved?.plans?.length),
      });
    }
    this.copies.restore(saved.copies ?? null);
    saved.plans.forEach((plan, b) => {
      this.plans[b] = plan;
    });
  }

  private begin(b: number): void {
    this.plans[b] = this.building.begin(this.copies.stream(b).integer(2 ** 31));
    this.taken[b] = 0;
  }

  /** Writes the plan of copy `b` to its row of `out`, [B, D]. */
  private observe(b: number, out: Float32Array): void {
    this.building.observe(this.plans[b]!, out.subarray(b * this.width, (b + 1) * this.width));
  }

  private requireOutput(output: readonly GroupOutput[]): GroupOutput {
    return requireOutput(NAME, this.groups, 0, this.batchSize, this.width, output);
  }

  /** [B, A], members of the action space. */
  private requireActions(actions: GroupActions | undefined): GroupActions {
    const { batchSize, components } = this;
    const [group] = this.groups;
    const choices = actionChoices(group.action);
    const wanted = choices === null ? Float32Array : Int32Array;
    if (!(actions instanceof wanted) || actions.length !== batchSize * components) {
      throw new LightbulbError('contract', 'the actions do not fit', {
        where: NAME,
        wanted: `${wanted.name} of ${batchSize * components}`,
        got: actions === undefined ? 'nothing' : `${actions.constructor.name} of ${actions.length}`,
      });
    }
    for (let i = 0; i < actions.length; i++) {
      const value = actions[i]!;
      if (choices === null) {
        if (!Number.isFinite(value)) throw illegalAction(NAME, group, Math.floor(i / components), 'finite', value);
      } else if (value >>> 0 >= choices[i % components]!) {
        const legal = `an integer from 0 to ${choices[i % components]! - 1}`;
        throw illegalAction(NAME, group, Math.floor(i / components), legal, value);
      }
    }
    return actions;
  }
}
