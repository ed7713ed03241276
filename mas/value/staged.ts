import { bool, float32, type Value, type Values } from '../../nn/index.ts';
import type { BatchSources } from './batch.ts';
import type { Round } from './round.ts';

/** What was done on each row of a role: actions, what was legal, and how they are judged. */
export class Staged {
  private readonly action: Int32Array | Float32Array;
  private readonly mask: Uint8Array;
  private readonly logProbability: Float32Array;
  private readonly advantage: Float32Array;
  /** [rows, A] where each choice is judged by itself, else nothing. */
  private readonly wordAdvantage: Float32Array | null;
  /** Whether programs read actions: in learning, and for a critic of actions. */
  private readonly hasMask: boolean;

  constructor(
    most: number,
    private readonly round: Round,
    private readonly r: number,
    private readonly sources: BatchSources,
    private readonly isLearning: boolean,
  ) {
    const { A, M, choices } = round.roles[r]!;
    const actions = isLearning ? most * A : 0;
    this.action = choices === null ? new Float32Array(actions) : new Int32Array(actions);
    this.hasMask = M > 0 && (isLearning || sources.isComa);
    this.mask = new Uint8Array(this.hasMask ? most * M : 0);
    this.logProbability = new Float32Array(isLearning ? most : 0);
    this.advantage = new Float32Array(isLearning ? most : 0);
    this.wordAdvantage = isLearning && sources.credits[r]!.words !== null ? new Float32Array(most * A) : null;
  }

  /** cell: of each row, its place in [T + 1, B, N]; beyond that, of an episode's last observation. */
  fill(cell: Int32Array, rows: number): void {
    const { hasMask, mask, isLearning } = this;
    const { A, M } = this.round.roles[this.r]!;
    const { action, actionMask, logProbability } = this.round.experience.groups[this.r]!;
    const { advantage, words } = this.sources.credits[this.r]!;
    for (let row = 0; row < rows; row++) {
      const at = cell[row]!;
      if (hasMask) {
        // Nothing is decided on an episode's last observation: no mask, and none is needed.
        if ((at + 1) * M > actionMask.length) mask.fill(1, row * M, (row + 1) * M);
        else for (let i = 0; i < M; i++) mask[row * M + i] = actionMask[at * M + i]!;
      }
      if (!isLearning) continue;
      for (let i = 0; i < A; i++) this.action[row * A + i] = action[at * A + i]!;
      this.logProbability[row] = logProbability[at]!;
      this.advantage[row] = advantage[at]!;
      if (this.wordAdvantage === null) continue;
      for (let i = 0; i < A; i++) this.wordAdvantage[row * A + i] = words!.advantage[at * A + i]!;
    }
  }

  inputs(rows: number): Values {
    const { r, action, mask, isLearning } = this;
    const { A, M } = this.round.roles[r]!;
    const made: Record<string, Value> = {};
    if (this.hasMask) made[`${r}/mask`] = bool([rows, M], mask.subarray(0, rows * M));
    if (!isLearning) return made;
    const dtype = action instanceof Int32Array ? 'int32' : 'float32';
    made[`${r}/action`] = { dtype, shape: [rows, A], data: action.subarray(0, rows * A) };
    made[`${r}/logProbability`] = float32([rows], this.logProbability.subarray(0, rows));
    made[`${r}/advantage`] = float32([rows], this.advantage.subarray(0, rows));
    if (this.wordAdvantage !== null)
      made[`${r}/wordAdvantage`] = float32([rows, A], this.wordAdvantage.subarray(0, rows * A));
    return made;
  }
}
