import { float32, int32, type Value, type Values } from '../../nn/index.ts';
import type { RoleCredit, TeamCredit } from './credit.ts';
import type { RowData } from './encoder.ts';
import { IDLE } from './role-rows.ts';
import type { Round } from './round.ts';
import { Staged } from './staged.ts';

/** What batches take from. */
export interface BatchSources {
  readonly round: Round;
  readonly credits: readonly RoleCredit[];
  /** null where values are separate. */
  readonly team: TeamCredit | null;
  readonly isComa: boolean;
}

/** So many sizes of the rows of a role are compiled for, at most. */
const SIZES = 16;

/**
 * S samples laid out for a program: the rows of those who decide, one after the other, and where each agent's is. Names:
 * `<role>/<input of its encoder>` [R, width], `<role>/index` [S n] (missing where everybody decides, in order),
 * `<role>/action` [R, A], `<role>/mask` [R, M], and for learning `<role>/logProbability`, `<role>/advantage`,
 * `<role>/weight` [R], `<role>/target`, `<role>/counts` [S, n], `team` [S]; `feedback` [S, 2 K]; `<role>/acted` [S, n]
 * for a critic of actions. Roles go by their numbers.
 */
export class Batch {
  /** Of each role: rows with a decision in them. */
  readonly decisions: Int32Array;
  readonly roles: readonly RoleBatch[];
  readonly team: Float32Array;
  private readonly feedback: Float32Array;
  private readonly known = new Map<string, Values>();

  constructor(
    readonly samples: number,
    private readonly sources: BatchSources,
    private readonly isLearning: boolean,
  ) {
    const { round } = sources;
    this.decisions = new Int32Array(round.roles.length);
    this.roles = round.roles.map((_, r) => new RoleBatch(samples, r, sources, isLearning));
    this.team = new Float32Array(samples);
    this.feedback = new Float32Array(samples * round.feedback.size);
  }

  /** Which compiled variant the batch is for: the same key, the same shapes. */
  get key(): string {
    return this.roles.map(({ rows, isWhole }) => `${rows}${isWhole ? 'w' : ''}`).join();
  }

  /** Takes these samples; where they are fewer than S, the first stands in for the others. */
  fill(which: Int32Array): void {
    const { sources, roles, feedback, team } = this;
    const { size, before, after } = sources.round.feedback;
    const { T, B } = sources.round;
    const seen = (T + 1) * B;
    for (const [r, role] of roles.entries()) this.decisions[r] = role.fill(which);
    for (let s = 0; s < this.samples; s++) {
      const sample = which[s < which.length ? s : 0]!;
      const from = sample < seen ? before : after;
      const offset = (sample < seen ? sample : sample - seen) * size;
      for (let i = 0; i < size; i++) feedback[s * size + i] = from[offset + i]!;
      if (this.isLearning && sources.team !== null) team[s] = sources.team.target[sample]!;
    }
  }

  /** The arrays as a program of this variant takes them. */
  inputs(): Values {
    const { key } = this;
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const made: Record<string, Value> = {};
    for (const role of this.roles) Object.assign(made, role.inputs());
    const { size } = this.sources.round.feedback;
    if (size > 0) made.feedback = float32([this.samples, size], this.feedback);
    if (this.isLearning && this.sources.team !== null) made.team = float32([this.samples], this.team);
    this.known.set(key, made);
    return made;
  }
}

/** One role's part of a batch. */
export class RoleBatch {
  /** R, padded. */
  rows = 0;
  isWhole = false;
  /** [S, n] */
  readonly target: Float32Array;
  readonly counts: Float32Array;
  /** [R] */
  readonly weight: Float32Array;
  /** An array for each input of the encoder: [R, width]. */
  readonly data: readonly RowData[];
  private readonly quantum: number;
  private readonly index: Int32Array;
  /** The cell [T, B, N] that each row is of. */
  private readonly cell: Int32Array;
  private readonly row: Int32Array;
  private readonly staged: Staged;
  private readonly acted: Int32Array;

  constructor(
    private readonly samples: number,
    private readonly r: number,
    private readonly sources: BatchSources,
    private readonly isLearning: boolean,
  ) {
    const { round } = sources;
    const { N } = round.roles[r]!;
    const cells = samples * N;
    this.quantum = Math.max(8, 2 ** Math.ceil(Math.log2(cells / SIZES)));
    const most = Math.ceil(cells / this.quantum) * this.quantum;
    const { inputs } = round.rows[r]!.reader;
    this.data = inputs.map(({ dtype, width }) =>
      dtype === 'int32' ? new Int32Array(most * width) : new Float32Array(most * width),
    );
    this.index = new Int32Array(cells);
    this.cell = new Int32Array(most);
    this.row = new Int32Array(most);
    this.weight = new Float32Array(isLearning ? most : 0);
    this.target = new Float32Array(isLearning ? cells : 0);
    this.counts = new Float32Array(isLearning ? cells : 0);
    this.acted = new Int32Array(sources.isComa ? cells : 0);
    this.staged = new Staged(most, round, r, sources, isLearning);
  }

  /** Returns the number of decisions. */
  fill(which: Int32Array): number {
    const found = this.findRows(which);
    const cells = this.index.length;
    this.isWhole = found === cells;
    this.rows = this.isWhole ? cells : Math.max(1, Math.ceil(found / this.quantum)) * this.quantum;
    // Padding repeats what is there, or the round's first row; it has no weight.
    for (let i = found; i < this.rows; i++) {
      this.row[i] = found > 0 ? this.row[0]! : 0;
      this.cell[i] = found > 0 ? this.cell[0]! : 0;
    }
    if (!this.isWhole) for (let i = 0; i < cells; i++) if (this.index[i] === IDLE) this.index[i] = this.rows;
    this.copyRows();
    this.staged.fill(this.cell, this.rows);
    if (this.isLearning) {
      this.weight.fill(1, 0, found);
      this.weight.fill(0, found, this.rows);
    }
    return found;
  }

  /** Views of what was filled, by name. */
  inputs(): Values {
    const { r, rows, samples, sources } = this;
    const { N } = sources.round.roles[r]!;
    const { inputs } = sources.round.rows[r]!.reader;
    const made: Record<string, Value> = {};
    for (const [i, { name, width, dtype }] of inputs.entries()) {
      const data = this.data[i]!.subarray(0, rows * width);
      made[`${r}/${name}`] = { dtype, shape: [rows, width], data };
    }
    Object.assign(made, this.staged.inputs(rows));
    if (!this.isWhole) made[`${r}/index`] = int32([samples * N], this.index);
    if (sources.isComa) made[`${r}/acted`] = int32([samples, N], this.acted);
    if (!this.isLearning) return made;
    made[`${r}/weight`] = float32([rows], this.weight.subarray(0, rows));
    made[`${r}/target`] = float32([samples, N], this.target);
    made[`${r}/counts`] = float32([samples, N], this.counts);
    return made;
  }

  /** Numbers the rows of these samples' agents; -1 where one has none. Returns how many there are. */
  private findRows(which: Int32Array): number {
    const { sources, r, index, isLearning, acted } = this;
    const { round, isComa, credits } = sources;
    const { row, finalRow } = round.rows[r]!;
    const { N } = round.roles[r]!;
    const { action } = round.experience.groups[r]!;
    const credit = credits[r]!;
    const seen = (round.T + 1) * round.B * N;
    let found = 0;
    for (let s = 0, at = 0; s < this.samples; s++) {
      const isPadding = s >= which.length;
      const first = which[isPadding ? 0 : s]! * N;
      for (let cell = first; cell < first + N; cell++, at++) {
        const from = cell < seen ? row[cell]! : finalRow[cell - seen]!;
        index[at] = from === IDLE ? IDLE : found;
        if (isComa) acted[at] = from === IDLE || cell >= action.length ? -1 : action[cell]!;
        if (isLearning) {
          this.target[at] = credit.target[cell]!;
          this.counts[at] = isPadding ? 0 : credit.counts[cell]!;
        }
        if (from === IDLE) continue;
        this.row[found] = from;
        this.cell[found++] = cell;
      }
    }
    return found;
  }

  private copyRows(): void {
    const { data: source, reader } = this.sources.round.rows[this.r]!;
    for (const [i, { width }] of reader.inputs.entries()) {
      const [from, into] = [source[i]!, this.data[i]!];
      for (let row = 0, to = 0; row < this.rows; row++) {
        let at = this.row[row]! * width;
        for (const end = at + width; at < end; ) into[to++] = from[at++] ?? 0;
      }
    }
  }
}
