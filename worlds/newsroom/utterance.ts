import { LightbulbError } from '../../core/index.ts';
import type { Group, GroupActions } from '../batched.ts';

/**
 * The actions of a group of one agent with `components` choices out of `choices` each: [B, components], checked before
 * anything moves. Throws `contract`, naming copy and component.
 */
export function requireUtterances(
  where: string,
  group: Group,
  copies: number,
  components: number,
  choices: number,
  actions: GroupActions | undefined,
): Int32Array {
  const count = copies * components;
  if (!(actions instanceof Int32Array) || actions.length !== count) {
    throw new LightbulbError('contract', 'the actions do not fit', {
      where: `${where}, group "${group.name}"`,
      wanted: `an Int32Array of ${count} choices`,
      got: actions === undefined ? 'nothing' : `${actions.constructor.name} of ${actions.length}`,
    });
  }
  for (let i = 0; i < count; i++) {
    // Unsigned, a negative number is a very large one: one comparison does for both ends.
    if (actions[i]! >>> 0 < choices) continue;
    throw new LightbulbError('contract', 'this action does not exist', {
      where: `${where}, copy ${Math.floor(i / components)}, agent "${group.agents[0]}", component ${i % components}`,
      wanted: `an integer from 0 to ${choices - 1}`,
      got: String(actions[i]),
    });
  }
  return actions;
}

/** Reads utterances as `Sequence` says: until a stop, every pointed word once, pointers past the last left out. */
export class UtteranceReader {
  /** [longest]: the words that the last utterance pointed at. */
  private readonly taken: Uint8Array;
  /** How many different words it pointed at. */
  pointed = 0;
  /** How many words there were after each choice of it. */
  readonly lengths: Int32Array;

  /** longest: the most words that can be pointed at. components: the most choices. */
  constructor(longest: number, components: number) {
    this.taken = new Uint8Array(longest);
    this.lengths = new Int32Array(components);
  }

  /**
   * Turns the choices `action[from]` to `action[from + components - 1]` into words, written to `out[at...]`; answers how
   * many there are. A choice c below `first` is word `own + c - 1`, others point at word c - first of `list[start...]`,
   * which has `count`.
   */
  read(
    action: Int32Array,
    from: number,
    components: number,
    first: number,
    own: number,
    list: Int32Array,
    start: number,
    count: number,
    out: Int32Array,
    at: number,
  ): number {
    this.taken.fill(0);
    this.pointed = 0;
    let length = 0;
    let hasStopped = false;
    for (let i = 0; i < components; i++) {
      const choice = action[from + i]!;
      hasStopped ||= choice === 0;
      const pointer = choice - first;
      if (!hasStopped && pointer < 0) out[at + length++] = own + choice - 1;
      else if (!hasStopped && pointer < count && this.taken[pointer] === 0) {
        this.taken[pointer] = 1;
        this.pointed++;
        out[at + length++] = list[start + pointer]!;
      }
      this.lengths[i] = length;
    }
    return length;
  }
}

/** Masks of utterances in which the choices from 0 up to some number are legal in every component: each made once. */
export class UtteranceMasks {
  private readonly masks: readonly Uint8Array[];
  private readonly size: number;

  constructor(components: number, choices: number) {
    this.size = components * choices;
    this.masks = Array.from({ length: choices + 1 }, (_, legal) =>
      Uint8Array.from({ length: components * choices }, (_, i) => (i % choices < legal ? 1 : 0)),
    );
  }

  /** Writes copy `b`'s mask, in which so many choices are legal. */
  write(out: Uint8Array, b: number, legal: number): void {
    out.set(this.masks[legal]!, b * this.size);
  }
}
