import { LightbulbError } from '../core/index.ts';
import type { FeedbackKind } from './batched.ts';
import type { Environment, Step } from './environment.ts';
import { fault, printFault, type SpaceFault, show } from './spaces/index.ts';

/** What is wrong with the kinds of feedback that are declared for `agents`, or null. Leaving them out is legal. */
export function checkFeedbackKinds(kinds: unknown, agents: readonly string[]): SpaceFault | null {
  if (kinds === undefined) return null;
  if (!Array.isArray(kinds) || kinds.length === 0)
    return fault('', 'declaration', 'a list of at least one kind, or nothing at all', show(kinds));
  for (const [k, kind] of kinds.entries()) {
    if (typeof kind !== 'object' || kind === null)
      return fault(`/${k}`, 'declaration', 'an object { from, about, meaning, low, high }', show(kind));
    const { from, about, meaning, low, high } = kind as Record<keyof FeedbackKind, unknown>;
    for (const [part, agent] of Object.entries({ from, about }))
      if (typeof agent !== 'string' || !agents.includes(agent))
        return fault(`/${k}/${part}`, 'declaration', `an agent (${agents.join(', ')})`, show(agent));
    if (typeof meaning !== 'string' || meaning === '')
      return fault(`/${k}/meaning`, 'declaration', 'what the score means, in words', show(meaning));
    for (const [part, bound] of Object.entries({ low, high }))
      if (!isFinite32(bound)) return fault(`/${k}/${part}`, 'declaration', 'a finite number', show(bound));
    if ((low as number) > (high as number))
      return fault(`/${k}/low`, 'declaration', `low <= high (${String(high)})`, show(low));
  }
  return null;
}

/** What is wrong with a step's `teamReward`, or null: a finite number where declared, nothing elsewhere. */
export function checkTeamReward(teamReward: unknown, isDeclared: boolean): SpaceFault | null {
  if (!isDeclared)
    return teamReward === undefined
      ? null
      : fault('/teamReward', 'declaration', 'none, as hasTeamReward is not true', show(teamReward));
  if (isFinite32(teamReward)) return null;
  const kind = typeof teamReward === 'number' ? 'not_finite' : 'type';
  return fault('/teamReward', kind, 'a finite number at every step', show(teamReward));
}

/** What is wrong with a step's `feedback`, or null: finite scores of declared kinds, within their bounds. */
export function checkFeedback(feedback: unknown, kinds: readonly FeedbackKind[] | undefined): SpaceFault | null {
  if (feedback === undefined) return null;
  if (kinds === undefined)
    return fault('/feedback', 'declaration', 'none, as there are no feedbackKinds', show(feedback));
  if (typeof feedback !== 'object' || feedback === null || Array.isArray(feedback) || ArrayBuffer.isView(feedback))
    return fault('/feedback', 'type', 'an object with scores by the number of their kind', show(feedback));
  const scores = feedback as Readonly<Record<string, unknown>>;
  for (const key in scores) {
    const kind = kinds[key as unknown as number];
    // "01" and "length" find nothing or what is no kind.
    if (kind === undefined || String(Number(key)) !== key)
      return fault('/feedback', 'shape', `keys from 0 to ${kinds.length - 1}`, show(key));
    const score = scores[key];
    if (!isFinite32(score))
      return fault(
        `/feedback/${key}`,
        typeof score === 'number' ? 'not_finite' : 'type',
        'a finite number, or no entry',
        show(score),
      );
    if (!isWithin(score, kind))
      return fault(`/feedback/${key}`, 'bounds', `a score in [${kind.low}, ${kind.high}]`, show(score));
  }
  return null;
}

/** Whether `score` lies within the bounds of its kind. A float32 may be as far out as the rounded bound is. */
export function isWithin(score: number, { low, high }: FeedbackKind): boolean {
  return score >= Math.min(low, Math.fround(low)) && score <= Math.max(high, Math.fround(high));
}

/** What the last step of `B` copies said beyond each agent's own outcome; zeros and silence before any step. */
export class TeamRecord {
  readonly hasTeamReward: boolean;
  readonly feedbackKinds: readonly FeedbackKind[] | undefined;
  /** [B] */
  private readonly rewards: Float32Array;
  /** [B, K] each. */
  private readonly scores: Float32Array;
  private readonly heard: Uint8Array;

  /** Throws `contract` where the copies do not declare the same, or kinds that are not legal. */
  constructor(environments: readonly Environment[]) {
    const { hasTeamReward, feedbackKinds, agents } = environments[0]!;
    const wrong = checkFeedbackKinds(feedbackKinds, agents);
    if (wrong !== null)
      throw new LightbulbError('contract', 'the kinds of feedback are not legal', {
        where: `feedbackKinds${wrong.path}`,
        wanted: wrong.wanted,
        got: wrong.got,
      });
    const declared = JSON.stringify([hasTeamReward === true, feedbackKinds]);
    environments.forEach((other, b) => {
      if (JSON.stringify([other.hasTeamReward === true, other.feedbackKinds]) !== declared)
        throw new LightbulbError('contract', 'copies of one environment declare different things', {
          where: `copy ${b}`,
          wanted: 'hasTeamReward and feedbackKinds as of copy 0',
          got: 'other ones',
        });
    });
    this.hasTeamReward = hasTeamReward === true;
    this.feedbackKinds = feedbackKinds;
    const kinds = feedbackKinds?.length ?? 0;
    this.rewards = new Float32Array(environments.length);
    this.scores = new Float32Array(environments.length * kinds);
    this.heard = new Uint8Array(environments.length * kinds);
  }

  /** Forgets the last step. */
  clear(): void {
    this.rewards.fill(0);
    this.scores.fill(0);
    this.heard.fill(0);
  }

  /** Takes over what a checked step of copy `b` said. */
  write(b: number, { teamReward, feedback }: Step): void {
    this.rewards[b] = teamReward ?? 0;
    const kinds = this.feedbackKinds?.length ?? 0;
    for (let k = 0, at = b * kinds; k < kinds; k++, at++) {
      const score = feedback?.[k];
      this.scores[at] = score ?? 0;
      this.heard[at] = score === undefined ? 0 : 1;
    }
  }

  teamReward(out: Float32Array): void {
    out.set(this.rewards);
  }

  feedback(score: Float32Array, said: Uint8Array): void {
    score.set(this.scores);
    said.set(this.heard);
  }
}

/** Throws `contract` or `not_finite` where a step's `teamReward` or `feedback` is not as `environment` declares. */
export function requireTeam(
  where: string,
  step: Step,
  { hasTeamReward, feedbackKinds }: Pick<Environment, 'hasTeamReward' | 'feedbackKinds'>,
): void {
  const wrong = checkTeamReward(step.teamReward, hasTeamReward === true) ?? checkFeedback(step.feedback, feedbackKinds);
  if (wrong === null) return;
  throw new LightbulbError(
    wrong.kind === 'not_finite' ? 'not_finite' : 'contract',
    `what a step says of the team is not as declared: ${printFault(wrong)}`,
    { where, cure: '`lightbulb check` tests the whole contract' },
  );
}

/** A number that stays finite as a float32. */
function isFinite32(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(Math.fround(value));
}
