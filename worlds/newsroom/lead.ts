import type { ScriptedPolicy } from '../scripted.ts';
import { unflatten } from '../spaces/index.ts';
import { lexiconTone } from './corpus.ts';
import { newsroomDesk } from './desk.ts';
import { ANALYST, newsroomGroups, SUMMARISER } from './roles.ts';
import type { NewsroomOptions } from './settings.ts';

/**
 * The lead baseline: the summariser keeps the first words of the article, the analyst tells the tone that AFINN finds in
 * what it sees, and the writer copies the notes in their order.
 */
export function leadWords(options: NewsroomOptions = {}): ScriptedPolicy {
  const { settings, ownWords } = newsroomDesk(options);
  const groups = newsroomGroups(settings, ownWords);
  const policy: ScriptedPolicy = (observation, offset, group, _agent, action, at = 0) => {
    const space = groups[group]!.observation;
    const parts = unflatten(space, observation, offset) as Readonly<Record<string, string>>;
    if (group === ANALYST) return lexiconTone(parts.article!);
    const { first, components } =
      group === SUMMARISER
        ? { first: 1, components: settings.kept }
        : { first: 1 + ownWords.length, components: settings.written };
    const text = parts[group === SUMMARISER ? 'article' : 'notes']!;
    const words = text === '' ? 0 : text.split(' ').length;
    const choice = (i: number): number => (i < Math.min(words, components) ? first + i : 0);
    if (action !== undefined) for (let i = 0; i < components; i++) action[at + i] = choice(i);
    return choice(0);
  };
  return Object.assign(policy, { writesActions: true as const });
}
