/** A generalist's choices worked out the slow way: each row's tokens as a whole, in one pass without a memory. */
import type { Collector } from '../../../agents/collector.ts';
import { parameterInputs } from '../../../agents/gato/acting-programs.ts';
import { GatoModel, type GatoModelOptions, type GatoOf } from '../../../agents/gato/model.ts';
import { placePatches } from '../../../agents/gato/patch-embedding.ts';
import type { TokenInputs } from '../../../agents/gato/token-inputs.ts';
import {
  byteTokenizer,
  createStepTokens,
  type StepTokens,
  TokenBuffer,
  vocabularyOf,
} from '../../../agents/tokens/index.ts';
import { stream } from '../../../core/index.ts';
import {
  compile,
  float32,
  int32,
  leaves,
  mapTree,
  type Program,
  restored,
  type tf,
  type Value,
  type Values,
} from '../../../nn/index.ts';
import type { BatchedEnvironment } from '../../../worlds/index.ts';

export const PATCH = { size: 4, channels: 1 };
export const VOCABULARY = vocabularyOf({ text: 256, discrete: 64, bins: 32, codes: 0 });

/** How each group of an environment becomes tokens. */
export function tokensOf({ groups }: BatchedEnvironment): StepTokens[] {
  const settings = {
    vocabulary: VOCABULARY,
    tokenizer: byteTokenizer(),
    textTokens: 8,
    patch: PATCH,
    imageCodes: null,
  };
  return groups.map(({ observation, action, agents }) =>
    createStepTokens({ observation, action, agents: agents.length }, settings),
  );
}

/** Two layers of width 16, with weights so large that choices differ from step to step. */
export function tinyGato(
  options: Partial<GatoModelOptions> = {},
  seed = 5,
): {
  readonly model: GatoModel;
  readonly parameters: Values;
} {
  const model = new GatoModel({
    vocabulary: VOCABULARY,
    backbone: {
      width: 16,
      layers: 2,
      heads: 2,
      feedForward: 'geglu',
      norm: 'pre',
      normKind: 'layer',
      qkNorm: true,
      softmax: 'standard',
      zLoss: 0,
      bias: true,
      hidden: 24,
      dropout: 0,
    },
    length: 96,
    localPositions: 32,
    patch: PATCH,
    hasValue: true,
    ...options,
  });
  const large = mapTree(model.init(stream(seed, 'tiny')), ({ shape, data }: Value, path) =>
    float32(
      shape,
      Float32Array.from(data, (x) => (/norm|patches/i.test(path) ? x : 3 * x)),
    ),
  );
  return { model, parameters: Object.fromEntries(leaves<Value>(large)) };
}

/** `hidden` of rows of `length` tokens, their logits and their values. */
export function wholePass(model: GatoModel): Program {
  return compile((inputs) => {
    const parameters = restored<GatoOf<Value>, tf.Tensor>('parameters/', inputs) as GatoOf<tf.Tensor>;
    const hidden = model.hidden(parameters, inputs as unknown as TokenInputs<tf.Tensor>);
    return { logits: model.backbone.head(parameters.backbone, hidden) };
  });
}

/** Several rows of tokens side by side, filled up to `length`. */
export function rowsOf(buffers: readonly TokenBuffer[], length: number, patch = PATCH): Record<string, Value> {
  const ids = new Int32Array(buffers.length * length).fill(VOCABULARY.padding);
  const local = new Int32Array(ids.length).fill(-1);
  const patches = new Int32Array(ids.length).fill(-1);
  const total = buffers.reduce((sum, { patchCount }) => sum + patchCount, 0);
  const pixelsOfPatch = patch.size * patch.size * patch.channels;
  const pixels = new Float32Array(total * pixelsOfPatch);
  const intervals = new Float32Array(total * 4);
  let first = 0;
  for (const [row, buffer] of buffers.entries()) {
    for (let i = 0; i < buffer.length; i++) {
      ids[row * length + i] = buffer.ids[i]!;
      local[row * length + i] = buffer.local[i]!;
      if (buffer.patch[i]! >= 0) patches[row * length + i] = first + buffer.patch[i]!;
    }
    pixels.set(buffer.pixels.subarray(0, buffer.patchCount * pixelsOfPatch), first * pixelsOfPatch);
    intervals.set(buffer.intervals.subarray(0, buffer.patchCount * 4), first * 4);
    first += buffer.patchCount;
  }
  const shape = [buffers.length, length];
  return {
    ids: int32(shape, ids),
    local: int32(shape, local),
    order: int32(
      shape,
      ids.map((_, i) => i % length),
    ),
    ...(total > 0 && {
      patch: int32(shape, patches),
      pixels: float32([total, patch.size, patch.size, patch.channels], pixels),
      grid: int32([total, 2], placePatches(intervals, null)),
    }),
  };
}

/** One choice that a player made, and the logits (of legal ids) that it was made from. */
export interface Choice {
  readonly t: number;
  readonly row: number;
  readonly component: number;
  readonly id: number;
  readonly logits: ReadonlyMap<number, number>;
}

/**
 * Goes through what a collector holds of one group after a rollout, and works out each choice of agents that live.
 * Rows begin anew where `keep` says so, and after `context` steps with the last `overlap` of them.
 */
export class WholeRows {
  private readonly program: Program;
  private readonly steps: [number, number][][];

  constructor(
    private readonly collector: Collector,
    private readonly group: number,
    private readonly tokens: StepTokens,
    model: GatoModel,
    private readonly parameters: Values,
    private readonly context: number,
    private readonly overlap: number,
  ) {
    this.program = wholePass(model);
    this.steps = Array.from({ length: collector.B * collector.groups[group]!.sizes.N }, () => []);
  }

  /** rows: how many of the first of them. */
  choices(rows = this.steps.length): Choice[] {
    const { collector } = this;
    const { alive, sizes } = collector.groups[this.group]!;
    const found: Choice[] = [];
    for (const steps of this.steps) steps.length = 0;
    for (let t = 0; t < collector.T; t++)
      for (const [row, steps] of this.steps.slice(0, rows).entries()) {
        if (collector.keep[t * collector.B + Math.floor(row / sizes.N)] === 0) steps.length = 0;
        if (alive[t * this.steps.length + row] !== 1) continue;
        if (steps.length === this.context) steps.splice(0, this.context - this.overlap);
        steps.push([t, row]);
        found.push(...this.choicesOf(t, row, steps));
      }
    return found;
  }

  dispose(): void {
    this.program.dispose();
  }

  private choicesOf(t: number, row: number, steps: readonly (readonly [number, number])[]): Choice[] {
    const { observation, action, actionMask, sizes } = this.collector.groups[this.group]!;
    const rows = this.steps.length;
    const buffer = new TokenBuffer(PATCH);
    const lasts: number[] = [];
    for (const [at] of steps) {
      this.tokens.observe(observation, (at * rows + row) * sizes.D, row % sizes.N, buffer);
      lasts.push(buffer.length - 1);
      this.tokens.act(action, (at * rows + row) * sizes.A, buffer);
    }
    const { logits } = this.program.run({
      ...parameterInputs(this.parameters),
      ...rowsOf([buffer], this.lengthFor(buffer)),
    });
    const last = lasts.at(-1)!;
    return this.tokens.layout.legal.map((_, component) => {
      const isLegal = new Uint8Array(VOCABULARY.size);
      const mask = sizes.M > 0 ? actionMask : null;
      this.tokens.legal(component, mask, (t * rows + row) * sizes.M, isLegal);
      const from = (last + component) * VOCABULARY.size;
      const legal = [...isLegal.keys()].filter((id) => isLegal[id] === 1);
      return {
        t,
        row,
        component,
        id: buffer.ids[last + 1 + component]!,
        logits: new Map(legal.map((id) => [id, logits!.data[from + id]!])),
      };
    });
  }

  /** Few lengths, so that few programs are compiled; pictures fix them anyway. */
  private lengthFor({ length, patchCount }: TokenBuffer): number {
    return patchCount > 0 ? length : 32 * Math.ceil(length / 32);
  }
}
