import type { FeedbackKind } from '../../worlds/index.ts';
import type { Experience } from './experience.ts';

/**
 * What agents had said of each other before each step: scores in [-1, 1] by the bounds of their kind, then whether there
 * was one; 0 where nothing was said, as at an episode's start. The last round's last words are kept for the next.
 */
export class Feedback {
  /** Numbers for each sample: 2 K. */
  readonly size: number;
  /** [B, 2 K]: what was said after the last step of the round before; 0 where its episode ended. */
  readonly last: Float32Array;
  /** [T + 1, B, 2 K]: what was said in the step before. */
  readonly before: Float32Array;
  /** [T, B, 2 K]: what was said after step t. */
  readonly after: Float32Array;

  constructor(
    private readonly kinds: readonly FeedbackKind[],
    T: number,
    B: number,
  ) {
    this.size = 2 * kinds.length;
    this.last = new Float32Array(B * this.size);
    this.before = new Float32Array((T + 1) * B * this.size);
    this.after = new Float32Array(T * B * this.size);
  }

  /** [agents, 2 K]: 1 where a number is about the agent, for agents by name. */
  about(agents: readonly string[]): Float32Array {
    const { kinds, size } = this;
    return Float32Array.from({ length: agents.length * size }, (_, i) =>
      kinds[(i % size) % kinds.length]!.about === agents[Math.floor(i / size)] ? 1 : 0,
    );
  }

  read({ feedback, said }: Experience, ended: Uint8Array): void {
    const { kinds, size, last, before, after } = this;
    const K = kinds.length;
    for (let sample = 0; sample < ended.length; sample++) {
      for (let k = 0; k < K; k++) {
        const isSaid = said[sample * K + k]!;
        after[sample * size + k] = isSaid === 1 ? scaled(feedback[sample * K + k]!, kinds[k]!) : 0;
        after[sample * size + K + k] = isSaid;
      }
    }
    const copies = last.length;
    before.set(last);
    for (let i = 0; i < after.length; i++) before[copies + i] = ended[Math.floor(i / size)] === 1 ? 0 : after[i]!;
    last.set(before.subarray(before.length - copies));
  }
}

/** A score on [-1, 1], where its kind has two ends. */
function scaled(score: number, { low, high }: FeedbackKind): number {
  return Number.isFinite(high - low) && high > low ? (2 * (score - low)) / (high - low) - 1 : score;
}
