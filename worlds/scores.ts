import { LightbulbError } from '../core/index.ts';
import type { Environment, Step } from './environment.ts';
import { checkNumbers, sameNames } from './names.ts';
import { fault, printFault, type SpaceFault, show } from './spaces/index.ts';

/**
 * What is wrong with a step's `scores`, or null: finite numbers under exactly the declared names in a step that ends the
 * episode, nothing in any other.
 */
export function checkScores(scores: unknown, names: readonly string[] | undefined, isEnd: boolean): SpaceFault | null {
  if (names !== undefined && isEnd) return checkNumbers('scores', scores, names, 'as the episode ended');
  if (scores === undefined) return null;
  const reason = names === undefined ? 'there are no scoreNames' : 'the episode goes on';
  return fault('/scores', 'declaration', `none, as ${reason}`, show(scores));
}

/** Whether a step ends the episode: everyone in `living`, who were alive before it, terminated or was truncated. */
export function endsEpisode({ terminated, truncated }: Step, living: readonly string[]): boolean {
  for (const agent of living) if (!terminated[agent] && !truncated[agent]) return false;
  return true;
}

/** Throws `contract` or `not_finite` where a step's `scores` are not as `environment` declares. */
export function requireScores(where: string, step: Step, living: readonly string[], environment: Environment): void {
  const wrong = checkScores(step.scores, environment.scoreNames, endsEpisode(step, living));
  if (wrong === null) return;
  throw new LightbulbError(
    wrong.kind === 'not_finite' ? 'not_finite' : 'contract',
    `the scores of an episode are not as declared: ${printFault(wrong)}`,
    { where, cure: '`lightbulb check` tests the whole contract' },
  );
}

/** The scores of those of `B` copies whose episode ended in the last step; of none before any. */
export class ScoreRecord {
  readonly names: readonly string[] | undefined;
  /** [B, names] */
  private readonly scores: Float32Array;
  /** [B], 0 or 1 */
  private readonly ended: Uint8Array;

  /** Throws `contract` where the copies do not declare the same names, or names that are not legal. */
  constructor(environments: readonly Environment[]) {
    this.names = sameNames('scoreNames', 'scores', environments);
    this.scores = new Float32Array(environments.length * (this.names?.length ?? 0));
    this.ended = new Uint8Array(environments.length);
  }

  /** Forgets the last step. */
  clear(): void {
    this.ended.fill(0);
  }

  /** Takes over the scores of a checked step of copy `b`, if it has any. */
  write(b: number, { scores }: Step): void {
    this.ended[b] = scores === undefined ? 0 : 1;
    if (scores === undefined || this.names === undefined) return;
    const width = this.names.length;
    for (let i = 0; i < width; i++) this.scores[b * width + i] = scores[this.names[i]!]!;
  }

  /** out: [B, names]; rows of copies whose episode did not end in the last step stay as they are. */
  read(out: Float32Array): void {
    const width = this.names?.length ?? 0;
    for (let b = 0; b < this.ended.length; b++)
      if (this.ended[b] === 1) for (let i = b * width; i < (b + 1) * width; i++) out[i] = this.scores[i]!;
  }
}
