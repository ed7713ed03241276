import type { Json } from '../../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from '../batched.ts';
import { Copies } from '../copies.ts';
import type { LevelSpace } from '../environment.ts';
import { requireChoices, requireOutput, UNBOUNDED } from '../guards.ts';
import { Bodies, type Build, MOVE_LABELS, MOVES } from './bodies.ts';
import { type LevelShape, type ParticleLevel, parseLevel, particleLevels } from './level.ts';

/** The agents of one group, all built alike and seeing `width` numbers. */
export interface Role {
  readonly name: string;
  readonly agents: readonly string[];
  readonly build: Build;
  readonly width: number;
}

/** What makes a task of discs in an arena: who is there, what each sees, and what it is worth. */
export interface ParticleTask {
  readonly name: string;
  /** One per group; the agents' order is that of the roles. */
  readonly roles: readonly Role[];
  readonly landmarks: number;
  readonly landmarkRadius: number;
  readonly landmarkRange: number;
  readonly agentsCollide: boolean;
  readonly landmarksCollide: boolean;
  /** The first so many agents know a goal. */
  readonly goals: number;
  /** Writes what all agents of all copies see: one array [B, N, D] per group. */
  observe(bodies: Bodies, out: readonly Float32Array[]): void;
  /** Writes what the step was worth: one array [B, N] per group. */
  reward(bodies: Bodies, out: readonly Float32Array[]): void;
}

/** Agents start within this distance of the centre in each axis. */
const AGENT_RANGE = 1;

/**
 * A particle task as a batched environment. All episodes take exactly `cycles` steps and are then truncated, so all
 * copies end together and one clock does for all.
 */
export class ParticleEnvironment implements BatchedEnvironment {
  readonly groups: readonly Group[];
  readonly stateSize = 0;
  readonly levels: LevelSpace;
  private readonly copies: Copies<ParticleLevel>;
  private readonly bodies: Bodies;
  private readonly clock = new Int32Array(1);
  private readonly choices: readonly number[];
  private readonly shape: LevelShape;

  constructor(
    private readonly task: ParticleTask,
    readonly batchSize: number,
    readonly maximumSteps: number,
  ) {
    this.groups = task.roles.map((role) => ({
      name: role.name,
      agents: role.agents,
      observation: { type: 'box', shape: [role.width], low: -UNBOUNDED, high: UNBOUNDED },
      action: { type: 'discrete', ...actionsOf(role.build) },
      masked: false,
    }));
    this.choices = task.roles.map((role) => actionsOf(role.build).n);
    const builds = task.roles.flatMap((role) => role.agents.map(() => role.build));
    const { name, landmarks, landmarkRadius, landmarkRange, agentsCollide, landmarksCollide, goals } = task;
    const shape = { name, agents: builds.length, landmarks, goals, agentRange: AGENT_RANGE, landmarkRange };
    this.shape = shape;
    this.levels = particleLevels(shape);
    this.bodies = new Bodies(batchSize, { builds, landmarks, landmarkRadius, agentsCollide, landmarksCollide });
    const arrays = { ...this.bodies.arrays(), clock: this.clock };
    this.copies = new Copies(name, batchSize, arrays, (level) => parseLevel(shape, level));
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    this.check(output);
    this.copies.start(seed);
    this.begin();
    this.task.observe(this.bodies, this.observations(output));
    for (const out of output) {
      out.reward.fill(0);
      out.terminated.fill(0);
      out.truncated.fill(0);
      out.alive.fill(1);
    }
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    const { task, bodies, groups } = this;
    this.copies.requireStarted();
    this.check(output);
    for (let g = 0; g < groups.length; g++) {
      requireChoices(task.name, groups[g]!, this.batchSize, this.choices[g]!, actions[g]);
    }
    for (let g = 0, first = 0; g < groups.length; g++) {
      const count = groups[g]!.agents.length;
      bodies.act(first, count, actions[g] as Int32Array);
      first += count;
    }
    bodies.advance();
    task.reward(bodies, this.rewards(output));
    const cycle = this.clock[0]! + 1;
    this.clock[0] = cycle;
    const late = cycle >= this.maximumSteps;
    if (late) {
      task.observe(bodies, this.finalObservations(output));
      this.begin();
    }
    task.observe(bodies, this.observations(output));
    for (const out of output) {
      out.terminated.fill(0);
      out.truncated.fill(late ? 1 : 0);
      out.alive.fill(1);
    }
  }

  setLevel(copy: number, level: Json | undefined): void {
    this.copies.setLevel(copy, level);
  }

  snapshot(): Json {
    return this.copies.snapshot();
  }

  restore(snapshot: Json): void {
    this.copies.restore(snapshot);
  }

  private begin(): void {
    const { bodies, copies, shape } = this;
    for (let b = 0; b < this.batchSize; b++) {
      const level = copies.level(b);
      if (level === undefined) this.scatter(b);
      else place(bodies, shape, b, level);
    }
    bodies.word.fill(-1);
    this.clock[0] = 0;
  }

  private scatter(b: number): void {
    const { bodies, shape } = this;
    const random = this.copies.stream(b);
    for (let i = 0, at = b * shape.agents; i < shape.agents; i++, at++) {
      bodies.x[at] = random.between(-AGENT_RANGE, AGENT_RANGE);
      bodies.y[at] = random.between(-AGENT_RANGE, AGENT_RANGE);
      bodies.vx[at] = 0;
      bodies.vy[at] = 0;
      if (i < shape.goals) bodies.goal[at] = random.integer(shape.landmarks);
    }
    for (let k = 0, at = b * shape.landmarks; k < shape.landmarks; k++, at++) {
      bodies.landmarkX[at] = random.between(-shape.landmarkRange, shape.landmarkRange);
      bodies.landmarkY[at] = random.between(-shape.landmarkRange, shape.landmarkRange);
    }
  }

  private check(output: readonly GroupOutput[]): void {
    const { task, groups, batchSize } = this;
    for (let g = 0; g < groups.length; g++) {
      requireOutput(task.name, groups, g, batchSize, task.roles[g]!.width, output);
    }
  }

  // The tasks take plain arrays; these lists are kept, since a step must not allocate.
  private readonly lists = {
    observation: [] as Float32Array[],
    final: [] as Float32Array[],
    reward: [] as Float32Array[],
  };

  private observations(output: readonly GroupOutput[]): readonly Float32Array[] {
    for (let g = 0; g < output.length; g++) this.lists.observation[g] = output[g]!.observation;
    return this.lists.observation;
  }

  private finalObservations(output: readonly GroupOutput[]): readonly Float32Array[] {
    for (let g = 0; g < output.length; g++) this.lists.final[g] = output[g]!.finalObservation;
    return this.lists.final;
  }

  private rewards(output: readonly GroupOutput[]): readonly Float32Array[] {
    for (let g = 0; g < output.length; g++) this.lists.reward[g] = output[g]!.reward;
    return this.lists.reward;
  }
}

function place(bodies: Bodies, shape: LevelShape, b: number, level: ParticleLevel): void {
  for (let i = 0, at = b * shape.agents; i < shape.agents; i++, at++) {
    const { position, velocity, goal } = level.agents[i]!;
    bodies.x[at] = position[0]!;
    bodies.y[at] = position[1]!;
    bodies.vx[at] = velocity[0]!;
    bodies.vy[at] = velocity[1]!;
    bodies.goal[at] = goal;
  }
  for (let k = 0, at = b * shape.landmarks; k < shape.landmarks; k++, at++) {
    bodies.landmarkX[at] = level.landmarks[k]![0]!;
    bodies.landmarkY[at] = level.landmarks[k]![1]!;
  }
}

/** Moves, words, or every word with every move: word 0 with the five moves first. */
function actionsOf({ movable, words }: Build): { n: number; labels: readonly string[] } {
  const says = Array.from({ length: words }, (_, word) => `say_${word}`);
  const labels = !movable
    ? says
    : words === 0
      ? MOVE_LABELS
      : says.flatMap((say) => MOVE_LABELS.map((move) => `${move}+${say}`));
  return { n: movable ? MOVES * Math.max(1, words) : words, labels };
}
