import { internal, LightbulbError } from '../../core/index.ts';
import { flatSize, flatten, type Space, zero } from '../../worlds/index.ts';
import { type ActionComponent, type ActionPart, actionParts } from './action-components.ts';
import type { Segment, StepLayout } from './layout.ts';
import type { Numbers, ObservationPart } from './observation-part.ts';
import { observationParts, requireChoices } from './observation-parts.ts';
import type { TextTokenizer } from './text-tokenizer.ts';
import { type PatchShape, TARGET, type TokenBuffer } from './token-buffer.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What all tasks of a model have in common. */
export interface TokenSettings {
  readonly vocabulary: Vocabulary;
  readonly tokenizer: TextTokenizer;
  /** Most tokens of one text; longer ones are cut. */
  readonly textTokens: number;
  readonly patch: PatchShape;
  /** Turns pictures into codes in place of patches; null for patches. */
  readonly imageCodes: ImageTokenizer | null;
  /**
   * Boxes of floats with three axes and the same bounds for all entries (what an agent sees of a grid) are pictures too.
   * Default: no, each entry is a token.
   */
  readonly planes?: boolean;
}

/** Pictures to codes and back (a VQ autoencoder). */
export interface ImageTokenizer {
  /** [height, width, channels] of the pictures that it takes. */
  readonly shape: readonly [number, number, number];
  /** Codes of one picture, in raster order. */
  readonly tokens: number;
  /** Entries of the codebook. */
  readonly codes: number;
  /** pixels: raw, as observed (0 to 255), from `offset`; writes `tokens` codes, each in [0, codes). */
  encode(pixels: Float32Array, offset: number, out: Int32Array): void;
  /** Codes to pixels 0 to 255 [height, width, channels]. */
  decode(codes: Int32Array): Float32Array;
}

/** The spaces of one agent, and which agents share the tokens' source. */
export interface StepSpaces {
  readonly observation: Space;
  /** null for corpora of texts, which nobody acts in. */
  readonly action: Space | null;
  /** How many agents a time step may be of; above 1, each step begins with the agent's index. */
  readonly agents: number;
}

/**
 * Writes time steps of one kind of agent as tokens, and reads actions back (Gato, arXiv 2205.06175, section 2.1):
 * [agent's index], the observation's parts, separator; then the action's components. Observations and actions are the
 * numbers that batched environments hand out (`flatten`, `encodeAction`).
 */
export interface StepTokens {
  readonly layout: StepLayout;
  /**
   * Appends the observation at numbers[offset...] and the separator. Error `invalid_input` that names the entry where it
   * is no member of the space; then some of its tokens may have been written. Zeros alone, which stand for an agent that
   * is dead, are read as the member nearest to zero.
   */
  observe(numbers: Float32Array | Uint8Array, offset: number, agent: number, out: TokenBuffer): void;
  /**
   * Appends the action at numbers[offset...], A tokens. Numbers beyond a box's bounds become the bounds, since policies
   * draw them; NaN, infinities and choices that there are not: error `invalid_input`.
   */
  act(numbers: ArrayLike<number>, offset: number, out: TokenBuffer): void;
  /**
   * The number that a token stands for as component `component` of an action; continuous ones at the bin's centre,
   * within the bounds. Error `invalid_input` for an id outside `layout.legal`.
   */
  number(component: number, id: number): number;
  /**
   * Writes which ids may be chosen for a component, V zeros and ones. mask: the environment's, from `offset` (all
   * components one after the other), or null where all that the space has is legal.
   */
  legal(component: number, mask: Uint8Array | null, offset: number, out: Uint8Array): void;
}

/**
 * The tokens of one kind of agent. Errors: `invalid_input` where the vocabulary is too small for the spaces or a picture
 * has more channels than patches, `unsupported` for a text as an action; both name the part.
 */
export function createStepTokens(spaces: StepSpaces, settings: TokenSettings): StepTokens {
  return new SpaceTokens(spaces, settings);
}

class SpaceTokens implements StepTokens {
  readonly layout: StepLayout;
  private readonly vocabulary: Vocabulary;
  private readonly patch: PatchShape;
  private readonly agents: number;
  private readonly parts: readonly ObservationPart[];
  private readonly components: readonly ActionComponent[];
  /** Where the mask of each component begins. */
  private readonly maskAt: readonly number[];
  /** Numbers of an observation. */
  private readonly size: number;
  /** What zeros alone are read as; null where they are a member themselves. */
  private readonly nearest: Float32Array | null;

  constructor({ observation, action, agents }: StepSpaces, settings: TokenSettings) {
    const { vocabulary, patch } = settings;
    requireCount('agents', agents);
    requireCount('patch/size', patch.size);
    requireCount('patch/channels', patch.channels);
    if (agents > 1) requireChoices(vocabulary, [agents], 'the agents of a group');
    this.vocabulary = vocabulary;
    this.patch = patch;
    this.agents = agents;
    this.parts = observationParts(observation, settings);
    const actions = action === null ? [] : actionParts(action, vocabulary);
    this.components = actions.flatMap(({ components }) => components);
    let entries = 0;
    this.maskAt = this.components.map(({ maskEntries }) => {
      entries += maskEntries;
      return entries - maskEntries;
    });
    this.size = flatSize(observation);
    const nearest = new Float32Array(this.size);
    flatten(observation, zero(observation), nearest, 0);
    this.nearest = nearest.some((number) => number !== 0) ? nearest : null;
    this.layout = layoutOf(agents, this.parts, actions);
  }

  observe(numbers: Numbers, offset: number, agent: number, out: TokenBuffer): void {
    if (this.layout.patches > 0) this.requirePatches(out);
    const isNothing = this.nearest !== null && this.isNothing(numbers, offset);
    const from = isNothing ? this.nearest! : numbers;
    let at = isNothing ? 0 : offset;
    let local = 0;
    if (this.agents > 1) out.add(this.agentId(agent), local++);
    for (const part of this.parts) {
      local = part.write(from, at, local, out);
      at += part.size;
    }
    out.add(this.vocabulary.separator, local);
  }

  act(numbers: ArrayLike<number>, offset: number, out: TokenBuffer): void {
    const { components } = this;
    for (let i = 0; i < components.length; i++) {
      out.add(components[i]!.id(numbers[offset + i]!), -1, TARGET.action);
    }
  }

  number(component: number, id: number): number {
    const { range, number } = this.component(component);
    if (Number.isInteger(id) && id >= range.start && id < range.start + range.size) return number(id);
    throw new LightbulbError('invalid_input', 'this token is no action', {
      where: `component ${component} of an action`,
      wanted: `an id from ${range.start} to ${range.start + range.size - 1}`,
      got: String(id),
    });
  }

  legal(component: number, mask: Uint8Array | null, offset: number, out: Uint8Array): void {
    const { range, maskEntries } = this.component(component);
    out.fill(0);
    if (mask === null || maskEntries === 0) {
      out.fill(1, range.start, range.start + range.size);
      return;
    }
    const at = offset + this.maskAt[component]!;
    for (let i = 0; i < maskEntries; i++) out[range.start + i] = mask[at + i]!;
  }

  private component(index: number): ActionComponent {
    const component = this.components[index];
    if (component === undefined) throw internal(`an action has no component ${index}`);
    return component;
  }

  private agentId(agent: number): number {
    if (Number.isInteger(agent) && agent >= 0 && agent < this.agents) return this.vocabulary.discrete.start + agent;
    throw new LightbulbError('invalid_input', 'there is no such agent', {
      wanted: `0 to ${this.agents - 1}`,
      got: String(agent),
    });
  }

  private isNothing(numbers: Numbers, offset: number): boolean {
    for (let i = 0; i < this.size; i++) if (numbers[offset + i] !== 0) return false;
    return true;
  }

  private requirePatches({ shape }: TokenBuffer): void {
    const { size, channels } = this.patch;
    if (shape.size === size && shape.channels === channels) return;
    throw internal(
      `patches of ${size} x ${size} x ${channels} for a buffer of ${shape.size} x ${shape.size} x ${shape.channels}`,
    );
  }
}

function layoutOf(agents: number, parts: readonly ObservationPart[], actions: readonly ActionPart[]): StepLayout {
  const segments: Segment[] = [];
  let local = 0;
  const add = (role: 'observation' | 'separator', segment: Omit<Segment, 'role' | 'local'>): void => {
    segments.push({ role, ...segment, local });
    local += segment.tokens;
  };
  if (agents > 1) add('observation', { kind: 'agent', path: '', tokens: 1, note: `one of ${agents}` });
  for (const { kind, path, tokens, note } of parts) add('observation', { kind, path, tokens, note });
  add('separator', { kind: 'separator', path: '', tokens: 1, note: 'ends the observation' });
  for (const { kind, path, note, components } of actions) {
    segments.push({ role: 'action', kind, path, tokens: components.length, local: null, note });
  }
  const components = actions.flatMap((part) => part.components);
  return {
    segments,
    observationTokens: local,
    actionTokens: components.length,
    isFixed: parts.every(({ kind }) => kind !== 'text'),
    patches: parts.reduce((sum, { patches }) => sum + patches, 0),
    legal: components.map(({ range }) => range),
  };
}

function requireCount(where: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new LightbulbError('invalid_input', 'tokens cannot be made for this', {
    where,
    wanted: 'a whole number from 1',
    got: String(value),
  });
}
