import type { ObservationReader, RowData } from './encoder.ts';
import type { GroupExperience } from './experience.ts';
import { hasChoice, type Role } from './role.ts';

/** Where an agent's observation has no row: it has nothing to decide there. */
export const IDLE = -1;

/**
 * One role's observations of a round as its encoder takes them: a row for each time that an agent decides, and for each
 * last observation of an agent that was stopped. T steps, B copies, N agents.
 */
export class RoleRows {
  /** [T + 1, B, N]: the row of what an agent decides on, or IDLE. */
  readonly row: Int32Array;
  /** [T, B, N]: the row of what an agent sees after step t, its episode's last observation at an ending; or IDLE. */
  readonly finalRow: Int32Array;
  /** An array for each input of the reader: [rows, width]. */
  data: RowData[];
  count = 0;

  constructor(
    private readonly role: Role,
    readonly reader: ObservationReader,
    private readonly T: number,
    private readonly B: number,
  ) {
    this.row = new Int32Array((T + 1) * B * role.N);
    this.finalRow = new Int32Array(T * B * role.N);
    this.data = reader.inputs.map(({ dtype }) => (dtype === 'int32' ? new Int32Array(0) : new Float32Array(0)));
  }

  /** ended: [T, B], whether the copy's episode ended in that step. */
  read(experience: GroupExperience, ended: Uint8Array): void {
    this.count = 0;
    this.readDecisions(experience);
    this.readFinals(experience, ended);
  }

  private readDecisions({ observation, actionMask, alive }: GroupExperience): void {
    const { role, row } = this;
    const { D, M } = role;
    for (let cell = 0; cell < row.length; cell++) {
      const decides = alive[cell] === 1 && (M === 0 || hasChoice(role, actionMask, cell * M));
      row[cell] = decides ? this.take(observation, cell * D) : IDLE;
    }
  }

  private readFinals({ finalObservation, truncated }: GroupExperience, ended: Uint8Array): void {
    const { role, row, finalRow, B } = this;
    const { N, D } = role;
    for (let cell = 0; cell < finalRow.length; cell++) {
      if (truncated[cell] === 1) finalRow[cell] = this.take(finalObservation, cell * D);
      else finalRow[cell] = ended[Math.floor(cell / N)] === 1 ? IDLE : row[cell + B * N]!;
    }
  }

  private take(observation: Float32Array, offset: number): number {
    const { reader } = this;
    const at = this.count++;
    const { width } = reader.inputs[0]!;
    if (this.count * width > this.data[0]!.length) this.grow();
    reader.read(observation, offset, this.data, at);
    return at;
  }

  private grow(): void {
    const { N } = this.role;
    const rows = Math.max(2 * this.count, (this.T + 1) * this.B * N);
    this.data = this.data.map((old, i) => {
      const { dtype, width } = this.reader.inputs[i]!;
      const larger = dtype === 'int32' ? new Int32Array(rows * width) : new Float32Array(rows * width);
      larger.set(old);
      return larger;
    });
  }
}
