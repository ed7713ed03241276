import type { Curriculum } from './curriculum.ts';
import { drawAny, listedLevels } from './draw.ts';
import type { DomainRandomisationOptions, FixedOptions, HardestOptions, ReweightingOptions } from './options.ts';

// Curricula that learn nothing from what comes out.

/** Every level alike: drawn as the space draws. */
export function domainRandomisation({ name }: DomainRandomisationOptions): Curriculum<null> {
  return { name, initial: () => null, propose: (_, space, stream) => drawAny(space, stream), report: (state) => state };
}

/** The levels that a person calls the hardest, each as likely, and no others. */
export function hardest({ name, levels }: HardestOptions): Curriculum<null> {
  return reweighting({ name, levels, randomShare: 0 });
}

/** The levels that a person calls hard, each as likely, but for a share of any. */
export function reweighting({
  name,
  levels,
  randomShare,
}: Omit<ReweightingOptions, 'name'> & { readonly name: string }): Curriculum<null> {
  return {
    name,
    initial(space) {
      listedLevels(name, levels, space);
      return null;
    },
    propose: (_, space, stream) =>
      stream.uniform() < randomShare ? drawAny(space, stream) : levels[stream.integer(levels.length)]!,
    report: (state) => state,
  };
}

/** One level, always. */
export function fixed({ name, level }: FixedOptions): Curriculum<null> {
  return {
    name,
    initial(space) {
      listedLevels(name, [level], space);
      return null;
    },
    propose: () => level,
    report: (state) => state,
  };
}
