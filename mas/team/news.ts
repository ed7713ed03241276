import type { ProcessNews } from './supervise.ts';

/** What happens between the agents of a team that a person may want to know. */
export type TeamNews =
  /** Nobody answers for this role; it is asked for ever. `cause` says how that showed. */
  | { readonly kind: 'waiting'; readonly role: string; readonly cause: string }
  | { readonly kind: 'back'; readonly role: string }
  /** The learner trained on these tasks, each once; told before they are acknowledged. */
  | { readonly kind: 'trained'; readonly round: number; readonly tasks: readonly string[] }
  | ProcessNews;

export type TellNews = (news: TeamNews) => void;

/** What a team set aside since it began: nothing of it was learned from. */
export interface SetAside {
  /** Answers of roles that were no answers: another round, a shape or an action that cannot be. */
  answers: number;
  /** Tasks that came again, were left by a former sitting, or are none of this team's. */
  tasks: number;
  /** Feedback of a kind that the environment does not declare, out of bounds, too late, or said already. */
  feedback: number;
}
