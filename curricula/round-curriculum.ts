import type { AdversarialCurriculum } from './adversary-options.ts';
import type { DomainRandomisationOptions } from './options.ts';
import type { ReplayCurriculum, SflOptions } from './replay-options.ts';

/** Domain randomisation round by round. */
export type RandomRoundsOptions = DomainRandomisationOptions & { readonly every: 'round' };

/** Curricula that choose levels round by round, by the agent's own rollouts. */
export type RoundCurriculum = ReplayCurriculum | SflOptions | AdversarialCurriculum | RandomRoundsOptions;
