import { checkMask } from '../answers.ts';
import type { Environment, First, Step } from '../environment.ts';
import { checkScores, endsEpisode } from '../scores.ts';
import { actionChoices, checkValue, type FaultKind, printFault } from '../spaces/index.ts';
import { checkTaskRewards } from '../tasks.ts';
import { checkFeedback, checkTeamReward } from '../team.ts';
import type { Episode } from './episode.ts';
import type { ImpurityWatch } from './impurity.ts';
import { messageOf } from './report.ts';

/** The checks that look at single answers, by name. */
export type AuditName =
  | 'keys'
  | 'final-observation'
  | 'no-return'
  | 'observation-type'
  | 'observation-finite'
  | 'observation-bounds'
  | 'reward-finite'
  | 'flag-boolean'
  | 'flag-exclusive'
  | 'mask-legal'
  | 'team-reward'
  | 'feedback'
  | 'scores'
  | 'task-rewards'
  | 'state-space';

const KIND_OF_FAULT: Readonly<Record<FaultKind, AuditName>> = {
  declaration: 'observation-type',
  type: 'observation-type',
  dtype: 'observation-type',
  shape: 'observation-type',
  integer: 'observation-type',
  not_finite: 'observation-finite',
  bounds: 'observation-bounds',
};

/** Looks at every answer of an environment and keeps the first fault of each kind. */
export class Audit {
  readonly faults = new Map<AuditName, string>();
  masksSeen = false;
  feedbackGiven = false;
  episodesEnded = 0;
  private episode: Episode | null = null;

  constructor(
    private readonly environment: Environment,
    private readonly watch: ImpurityWatch,
  ) {}

  /** The episode whose answers come next. */
  follow(episode: Episode): void {
    this.episode = episode;
  }

  onFirst(first: First): void {
    const living = Object.keys(first.observations);
    if (living.length === 0) this.fault('keys', 'reset: nobody is alive');
    for (const agent of living) {
      if (this.environment.spaces[agent] === undefined) {
        this.fault('keys', `reset: observations name "${agent}", who is not among the agents`);
        continue;
      }
      this.observation(agent, first);
      this.mask(agent, first);
    }
    this.state();
  }

  onStep(living: readonly string[], step: Step): void {
    for (const part of ['observations', 'rewards', 'terminated', 'truncated'] as const)
      this.keys(part, Object.keys(step[part]), living, step);
    for (const agent of living) {
      if (Object.hasOwn(step.observations, agent)) this.observation(agent, step);
      if (Object.hasOwn(step.rewards, agent)) {
        const reward: unknown = step.rewards[agent];
        if (typeof reward !== 'number' || !Number.isFinite(Math.fround(reward)))
          this.fault('reward-finite', `${this.at(agent)}: wanted a finite number, got ${String(reward)}`);
      }
      const flags: unknown[] = [step.terminated[agent], step.truncated[agent]];
      if (flags.some((flag) => flag !== undefined && typeof flag !== 'boolean'))
        this.fault('flag-boolean', `${this.at(agent)}: terminated ${String(flags[0])}, truncated ${String(flags[1])}`);
      if (flags[0] && flags[1]) this.fault('flag-exclusive', `${this.at(agent)}: both are set`);
      if (!flags[0] && !flags[1]) this.mask(agent, step);
    }
    this.team(step);
    this.scores(living, step);
    const pay = checkTaskRewards(step.taskRewards, this.environment.taskNames);
    if (pay !== null) this.fault('task-rewards', `${this.at()}: ${printFault(pay)}`);
    this.state();
  }

  private team(step: Step): void {
    const { hasTeamReward, feedbackKinds } = this.environment;
    const pay = checkTeamReward(step.teamReward, hasTeamReward === true);
    if (pay !== null) this.fault('team-reward', `${this.at()}: ${printFault(pay)}`);
    const said = checkFeedback(step.feedback, feedbackKinds);
    if (said !== null) this.fault('feedback', `${this.at()}: ${printFault(said)}`);
    for (const _ in step.feedback ?? {}) this.feedbackGiven = true;
  }

  private scores(living: readonly string[], step: Step): void {
    const isEnd = endsEpisode(step, living);
    const fault = checkScores(step.scores, this.environment.scoreNames, isEnd);
    if (fault !== null) this.fault('scores', `${this.at()}: ${printFault(fault)}`);
    if (isEnd) this.episodesEnded++;
  }

  private keys(part: string, names: readonly string[], living: readonly string[], step: Step): void {
    for (const name of names) {
      if (living.includes(name)) continue;
      if (this.episode!.hasEnded(name))
        this.fault('no-return', `${this.at(name)}: ${part} name an agent that had ended`);
      else this.fault('keys', `${this.at(name)}: ${part} name an agent that was not alive`);
    }
    for (const agent of living) {
      if (names.includes(agent)) continue;
      const isFinal = part === 'observations' && (step.terminated[agent] || step.truncated[agent]);
      this.fault(
        isFinal ? 'final-observation' : 'keys',
        `${this.at(agent)}: ${isFinal ? 'the agent ended, but its last observation is missing' : `not in ${part}`}`,
      );
    }
  }

  private observation(agent: string, answer: First): void {
    const fault = checkValue(this.environment.spaces[agent]!.observation, answer.observations[agent]);
    if (fault !== null) this.fault(KIND_OF_FAULT[fault.kind], `${this.at(agent)}: ${printFault(fault)}`);
  }

  private mask(agent: string, { actionMasks }: First): void {
    const mask = actionMasks?.[agent];
    if (mask === undefined) return;
    this.masksSeen = true;
    const choices = actionChoices(this.environment.spaces[agent]!.action);
    const problem = choices === null ? 'this action space has no choices to mask' : checkMask(choices, mask);
    if (problem !== null) this.fault('mask-legal', `${this.at(agent)}: ${problem}`);
  }

  private state(): void {
    const { stateSpace, state } = this.environment;
    if (stateSpace === undefined || state === undefined) return;
    try {
      const fault = checkValue(
        stateSpace,
        this.watch.call(() => this.environment.state!()),
      );
      if (fault !== null) this.fault('state-space', `${this.at()}: ${printFault(fault)}`);
    } catch (error) {
      this.fault('state-space', `${this.at()}: state threw: ${messageOf(error)}`);
    }
  }

  private at(agent?: string): string {
    const { seed, steps } = this.episode!;
    return `seed ${seed}, step ${steps}${agent === undefined ? '' : `, agent "${agent}"`}`;
  }

  private fault(name: AuditName, reason: string): void {
    if (!this.faults.has(name)) this.faults.set(name, reason);
  }
}
