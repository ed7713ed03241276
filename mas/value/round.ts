import { LightbulbError } from '../../core/index.ts';
import type { FeedbackKind } from '../../worlds/index.ts';
import type { ObservationReader } from './encoder.ts';
import type { Experience } from './experience.ts';
import { Feedback } from './feedback.ts';
import type { Role } from './role.ts';
import { RoleRows } from './role-rows.ts';

/**
 * One round of experience made ready: what agents saw as rows for their encoders, where episodes ended, and what had been
 * said before each step. A sample is one copy at one time, with all its agents: number t B + b for t from 0 to T, and
 * (T + 1) B + t B + b for what came after step t, an episode's last observations among it.
 */
export class Round {
  readonly rows: readonly RoleRows[];
  /** [T, B]: whether the copy's episode ended in that step. */
  readonly ended: Uint8Array;
  readonly feedback: Feedback;
  private taken: Experience | null = null;

  constructor(
    readonly roles: readonly Role[],
    readers: readonly ObservationReader[],
    kinds: readonly FeedbackKind[],
    readonly T: number,
    readonly B: number,
  ) {
    this.rows = roles.map((role, r) => new RoleRows(role, readers[r]!, T, B));
    this.ended = new Uint8Array(T * B);
    this.feedback = new Feedback(kinds, T, B);
  }

  get experience(): Experience {
    return this.taken!;
  }

  /** Whether an agent was truncated in this sample's step (t B + b). */
  wasTruncated(sample: number): boolean {
    for (const [r, { N }] of this.roles.entries()) {
      const { truncated } = this.experience.groups[r]!;
      for (let i = sample * N; i < (sample + 1) * N; i++) if (truncated[i] === 1) return true;
    }
    return false;
  }

  /** Takes in a round that follows on the last one. Error `mismatch` where it is of another size. */
  read(experience: Experience): void {
    const { T, B, roles } = this;
    if (experience.T !== T || experience.B !== B || experience.groups.length !== roles.length)
      throw new LightbulbError('mismatch', 'this round has another size than the learner was made for', {
        wanted: `${T} steps of ${B} copies of ${roles.length} groups`,
        got: `${experience.T} steps of ${experience.B} copies of ${experience.groups.length} groups`,
      });
    this.taken = experience;
    this.findEnds(experience);
    for (const [r, rows] of this.rows.entries()) rows.read(experience.groups[r]!, this.ended);
    this.feedback.read(experience, this.ended);
  }

  /** An episode ends when the last of its agents does: then nobody who lived goes on. */
  private findEnds({ groups }: Experience): void {
    const { ended, roles } = this;
    ended.fill(1);
    for (const [r, { N }] of roles.entries()) {
      const { alive, terminated, truncated } = groups[r]!;
      for (let cell = 0; cell < ended.length * N; cell++) {
        if (alive[cell] === 1 && terminated[cell] === 0 && truncated[cell] === 0) ended[Math.floor(cell / N)] = 0;
      }
    }
  }
}
