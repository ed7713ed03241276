import type { Stream } from '../../core/index.ts';
import { bool, float32, type Program, type Value, type Values } from '../../nn/index.ts';
import type { ObservationReader, RowData } from './encoder.ts';
import type { RoleActor, Turn } from './joint-policy.ts';
import { forcedChoice, hasChoice, type Role } from './role.ts';
import type { RoleHead } from './role-head.ts';

/** In: `policy/...`, the encoder's inputs, `mask`; to draw, `noise`. Out: `action` [R, A] and `logProbability` [R]. */
export interface ActingPrograms {
  readonly draw: Program;
  readonly greedy: Program;
}

export interface RoleActorSpec {
  readonly role: Role;
  readonly reader: ObservationReader;
  readonly head: RoleHead;
  readonly programs: ActingPrograms;
  /** The programs' parameters as views of a vector. */
  readonly parameters: (vector: Float32Array) => Values;
  readonly copies: number;
}

/** Vectors of parameters whose bindings are kept: one that acts, and one that has just been replaced. */
const KEPT = 2;

/**
 * Acts for those of B N agents who have a choice. Their rows stand together; programs exist for all rows, a half, a
 * quarter, and so on, so that a few who decide cost little.
 */
export class BatchedRoleActor implements RoleActor {
  private readonly rows: readonly RowData[];
  private readonly mask: Uint8Array;
  private readonly noise: Float32Array;
  private readonly action: Int32Array | Float32Array;
  private readonly logProbability: Float32Array;
  /** The agent [B, N] of each row. */
  private readonly seat: Int32Array;
  private readonly bindings: { readonly vector: Float32Array; readonly runs: Map<string, () => void> }[] = [];

  constructor(private readonly spec: RoleActorSpec) {
    const { role, reader, head, copies } = spec;
    const seats = copies * role.N;
    this.rows = reader.inputs.map(({ dtype, width }) =>
      dtype === 'int32' ? new Int32Array(seats * width) : new Float32Array(seats * width),
    );
    this.mask = new Uint8Array(seats * role.M);
    this.noise = new Float32Array(seats * head.noiseSize);
    this.action = head.dtype === 'int32' ? new Int32Array(seats * role.A) : new Float32Array(seats * role.A);
    this.logProbability = new Float32Array(seats);
    this.seat = new Int32Array(seats);
  }

  act(turn: Turn, noise: Stream | null): void {
    const { role, head } = this.spec;
    const count = this.read(turn);
    if (count === 0) return;
    const size = this.sizeFor(count);
    this.pad(count, size);
    if (noise !== null) {
      const drawn = this.noise.subarray(0, count * head.noiseSize);
      if (head.noise === 'gumbel') noise.fillGumbel(drawn);
      else noise.fillNormal(drawn);
    }
    this.runFor(turn.parameters, noise === null, size)();
    const { A } = role;
    for (let row = 0; row < count; row++) {
      const seat = this.seat[row]!;
      for (let i = 0; i < A; i++) turn.action[seat * A + i] = this.action[row * A + i]!;
      turn.logProbability[seat] = this.logProbability[row]!;
    }
  }

  /** Rows of those with a choice; the others' only choice is taken. Returns how many rows there are. */
  private read({ observation, actionMask, action, logProbability }: Turn): number {
    const { role, reader, copies } = this.spec;
    const { N, D, A, M } = role;
    let count = 0;
    for (let seat = 0; seat < copies * N; seat++) {
      if (M > 0 && !hasChoice(role, actionMask, seat * M)) {
        forcedChoice(role, actionMask, seat * M, action, seat * A);
        logProbability[seat] = 0;
        continue;
      }
      reader.read(observation, seat * D, this.rows, count);
      for (let i = 0; i < M; i++) this.mask[count * M + i] = actionMask[seat * M + i]!;
      this.seat[count++] = seat;
    }
    return count;
  }

  /** The smallest of all rows, a half, a quarter, ... that holds so many. */
  private sizeFor(count: number): number {
    let size = this.seat.length;
    while (size >= 2 * count && size > 8) size = Math.ceil(size / 2);
    return size;
  }

  /** Rows that nobody asks for are legal ones all the same: what was there before may be no mask at all. */
  private pad(count: number, size: number): void {
    this.mask.fill(1, count * this.spec.role.M, size * this.spec.role.M);
  }

  private runFor(vector: Float32Array, isGreedy: boolean, size: number): () => void {
    const { bindings } = this;
    let at = bindings.findIndex(
      (kept) =>
        kept.vector.buffer === vector.buffer &&
        kept.vector.byteOffset === vector.byteOffset &&
        kept.vector.length === vector.length,
    );
    if (at < 0) {
      bindings.unshift({ vector, runs: new Map() });
      bindings.length = Math.min(bindings.length, KEPT);
      at = 0;
    }
    const { runs } = bindings[at]!;
    const key = `${isGreedy ? 'greedy' : 'draw'}${size}`;
    const run = runs.get(key) ?? this.bind(vector, isGreedy, size);
    runs.set(key, run);
    return run;
  }

  private bind(vector: Float32Array, isGreedy: boolean, size: number): () => void {
    const { role, reader, head, programs, parameters } = this.spec;
    const inputs: Record<string, Value> = { ...parameters(vector) };
    for (const [i, { name, width, dtype }] of reader.inputs.entries())
      inputs[name] = { dtype, shape: [size, width], data: this.rows[i]!.subarray(0, size * width) };
    if (role.M > 0) inputs.mask = bool([size, role.M], this.mask.subarray(0, size * role.M));
    if (!isGreedy) inputs.noise = float32([size, head.noiseSize], this.noise.subarray(0, size * head.noiseSize));
    const action = { dtype: head.dtype, shape: [size, role.A], data: this.action.subarray(0, size * role.A) };
    const logProbability = float32([size], this.logProbability.subarray(0, size));
    return (isGreedy ? programs.greedy : programs.draw).bind(inputs, { action, logProbability });
  }
}
