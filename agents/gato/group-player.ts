import { LightbulbError } from '../../core/index.ts';
import { bool, float32, int32, type Value, type Values } from '../../nn/index.ts';
import type { Collector } from '../collector.ts';
import type { GroupRollout } from '../rollout.ts';
import type { StepTokens } from '../tokens/index.ts';
import type { ActingPrograms } from './acting-programs.ts';
import { BoundSteps } from './bound-steps.ts';
import { Piece } from './piece.ts';
import type { GatoPlayerOptions } from './player.ts';
import { RowMemories, rememberedSteps } from './row-memories.ts';

/** What is chosen for one component of the actions of all rows. */
interface Component {
  /** First id that may be chosen, and how many from there. */
  readonly start: number;
  readonly size: number;
  /** bool [R, size], where the environment masks actions. */
  readonly legal: Value | null;
  /** Standard Gumbel [R, size], where actions are drawn. */
  readonly noise: Value | null;
}

/**
 * Plays one group: R = B N rows, copies outside, agents inside. At each step a row's piece is what of its last action
 * it has not read yet, then the observation; the first component of the action follows the piece's last token. Each
 * further component follows a piece of one token, the component before it.
 *
 * Rows of the dead read padding at place 0. A row that has read `context` steps begins anew with the last `overlap` of
 * them, in runs in which all other rows read padding where their next piece will stand.
 */
export class GroupPlayer {
  private readonly rollout: GroupRollout;
  private readonly tokens: StepTokens;
  private readonly seats: number;
  private readonly context: number;
  private readonly rows: RowMemories;
  private readonly components: readonly Component[];
  private readonly step: Piece;
  private readonly single: Piece;
  private readonly choice: Value;
  private readonly steps: BoundSteps;
  private readonly isLegal: Uint8Array;

  constructor(
    private readonly collector: Collector,
    group: number,
    private readonly options: GatoPlayerOptions,
    programs: ActingPrograms,
  ) {
    const { model, noise, overlap } = options;
    this.rollout = collector.groups[group]!;
    this.tokens = options.tokens[group]!;
    const { observationTokens, actionTokens, patches, legal } = this.tokens.layout;
    const { name, masked } = collector.environment.groups[group]!;
    const { vocabulary, patch, backbone } = model;
    const rows = collector.B * this.rollout.sizes.N;
    this.seats = rows;
    const most = observationTokens + actionTokens;
    this.context = rememberedSteps(options.context, this.tokens.layout, backbone.config.length);
    if (this.context === 0) throw tooLong(name, most, backbone.config.length);
    // The last action of a full context has no need of its last token; a piece is as long as a whole step.
    const length = Math.max(this.context * most - 1, most);
    this.rows = new RowMemories(rows, Math.min(overlap, this.context - 1), actionTokens, patch);
    this.components = legal.map(({ start, size }) => ({
      start,
      size,
      legal: masked ? bool([rows, size]) : null,
      noise: noise === null ? null : float32([rows, size]),
    }));
    const shape = { rows, tokens: most, patches, patch: patch ?? { size: 1, channels: 1 } };
    this.step = new Piece(shape, vocabulary.padding);
    this.single = new Piece({ ...shape, tokens: 1, patches: 0 }, vocabulary.padding);
    this.choice = int32([rows]);
    this.isLegal = new Uint8Array(vocabulary.size);
    this.steps = new BoundSteps(
      backbone.memory(rows, length),
      this.choice,
      this.components.map((component, i) => ({
        program: programs.choosing(length, component),
        inputs: {
          ...(i === 0 ? this.step : this.single).inputs,
          ...(component.legal && { legal: component.legal }),
          ...(component.noise && { noise: component.noise }),
        },
      })),
    );
  }

  /** Writes row t of the group's actions. */
  act(t: number, parameters: Values): void {
    const { rows, step, single, seats } = this;
    this.join(t);
    if (rows.steps.some((count) => count === this.context)) this.readAgain(parameters);
    for (let row = 0; row < seats; row++) {
      const place = rows.place[row]!;
      step.begin(row, place);
      if (!this.isAlive(t, row)) continue;
      this.writeStep(t, row);
      rows.place[row] = place + step.counts[row]!;
    }
    for (const [i, component] of this.components.entries()) {
      if (i > 0) {
        for (let row = 0; row < seats; row++) {
          single.begin(row, rows.place[row]!);
          if (!this.isAlive(t, row)) continue;
          single.add(row, rows.actionOf(row)[i - 1]!);
          rows.place[row]!++;
        }
      }
      this.prepare(t, i, component);
      this.steps.run(i, parameters);
      this.take(t, i, component);
    }
  }

  forget(): void {
    for (let row = 0; row < this.seats; row++) this.rows.begin(row);
    this.steps.clear();
  }

  /** Begins rows anew where an episode starts, and empties those of the dead. */
  private join(t: number): void {
    const { collector, rollout, rows, seats } = this;
    for (let row = 0; row < seats; row++) {
      const isNew = collector.keep[t * collector.B + Math.floor(row / rollout.sizes.N)] === 0;
      if (isNew || !this.isAlive(t, row)) rows.begin(row);
    }
  }

  /** The piece of a row that lives: tokens of its last action, and what it sees now. */
  private writeStep(t: number, row: number): void {
    const { rollout, rows, step, tokens, seats } = this;
    const { N, D } = rollout.sizes;
    const action = rows.actionOf(row);
    for (let i = action.length - rows.unread[row]!; i < action.length; i++) step.add(row, action[i]!);
    const buffer = rows.advance(row);
    tokens.observe(rollout.observation, (t * seats + row) * D, row % N, buffer);
    step.addAll(row, buffer);
  }

  /** Rows that are full begin anew with the last steps that they took. */
  private readAgain(parameters: Values): void {
    const { rows, step, seats, context } = this;
    const { overlap } = rows;
    for (let j = 0; j < overlap; j++) {
      for (let row = 0; row < seats; row++) {
        if (rows.steps[row] !== context) {
          step.begin(row, rows.place[row]!);
          continue;
        }
        if (j === 0) rows.place[row] = 0;
        step.begin(row, rows.place[row]!);
        if (j > 0) for (const id of rows.actionOf(row, overlap - j)) step.add(row, id);
        step.addAll(row, rows.observationOf(row, overlap - 1 - j));
        rows.place[row]! += step.counts[row]!;
      }
      this.steps.run(0, parameters);
    }
    for (let row = 0; row < seats; row++) if (rows.steps[row] === context) rows.shorten(row);
  }

  /** Masks and noise of a component. */
  private prepare(t: number, i: number, { start, size, legal, noise }: Component): void {
    if (noise !== null) this.options.noise!.fillGumbel(noise.data as Float32Array);
    if (legal === null) return;
    const { rollout, seats, isLegal, tokens } = this;
    const out = legal.data as Uint8Array;
    for (let row = 0; row < seats; row++) {
      if (!this.isAlive(t, row)) {
        out.fill(1, row * size, (row + 1) * size);
        continue;
      }
      tokens.legal(i, rollout.actionMask, (t * seats + row) * rollout.sizes.M, isLegal);
      let count = 0;
      for (let id = 0; id < size; id++) count += out[row * size + id] = isLegal[start + id]!;
      if (count === 0) throw this.nothingLegal(row);
    }
  }

  /** Keeps what was chosen, and writes it as numbers. */
  private take(t: number, i: number, { start }: Component): void {
    const { rollout, rows, tokens, seats, choice } = this;
    const { action, sizes } = rollout;
    for (let row = 0; row < seats; row++) {
      const at = (t * seats + row) * sizes.A + i;
      if (!this.isAlive(t, row)) {
        action[at] = 0;
        continue;
      }
      const id = start + choice.data[row]!;
      rows.actionOf(row)[i] = id;
      action[at] = tokens.number(i, id);
    }
  }

  private isAlive(t: number, row: number): boolean {
    return this.rollout.alive[t * this.seats + row] === 1;
  }

  private nothingLegal(row: number): LightbulbError {
    const { N } = this.rollout.sizes;
    return new LightbulbError('contract', 'an agent that lives has no legal action', {
      where: `copy ${Math.floor(row / N)}, agent number ${row % N}`,
      wanted: 'at least one 1 in its mask',
      cure: 'Terminate agents that cannot act, or give them a choice that does nothing',
    });
  }
}

function tooLong(group: string, tokens: number, length: number): LightbulbError {
  return new LightbulbError('invalid_input', `one time step of ${group} is longer than the model`, {
    where: '/length',
    wanted: `at least ${tokens} tokens`,
    got: String(length),
    cure: 'Give the model a greater length, or pictures larger patches',
  });
}
