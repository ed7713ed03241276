import { join } from 'node:path';
import { compile } from '../engine/program.ts';
import { tf } from '../engine/tf.ts';
import { float32, int32, type Value } from '../engine/value.ts';
import { adamw, applyUpdates, chain, clipByGlobalNorm } from '../optimisers/index.ts';
import { type Layout, layoutOf, pack, unpackTensors, viewsOf } from '../packing.ts';
import type { Mapped } from '../tree.ts';
import type { Backbone, BackboneOf } from './backbone.ts';
import { Decoder } from './decoder.ts';
import { flattened, restored } from './flat-names.ts';
import { type LoadedModel, loadHuggingFace, readTensors } from './hugging-face/folder.ts';
import { toTensors } from './hugging-face/sources.ts';
import { BEAMS, checkRecording, type Recording } from './recording.ts';

/** How far apart two sets of numbers are. */
export interface Difference {
  /** The largest of any two. */
  readonly largest: number;
  /** That, divided by the largest recorded number. */
  readonly relative: number;
}

/** A model of ours beside what another implementation recorded of it. What was not recorded is null, or has no key. */
export interface Comparison {
  /** `gpt2`, for example. */
  readonly type: string;
  /** Number of parameters. */
  readonly parameters: number;
  /** Everything is within the tolerances, and the continuations are the same. */
  readonly agrees: boolean;
  /** Entries at the dtype's minimum, which the other implementation masked, are not compared. */
  readonly logits: Difference & { readonly compared: number; readonly masked: number };
  readonly loss: Scalars<number> | null;
  /** By the names of the checkpoint. */
  readonly gradients: Readonly<Record<string, Difference>>;
  /** The loss before each step of AdamW. */
  readonly training: Scalars<readonly number[]> | null;
  readonly greedy: Continuation | null;
  readonly beam: (Continuation & { readonly beams: number }) | null;
}

export interface Scalars<X> {
  readonly ours: X;
  readonly recorded: X;
  /** The largest difference. */
  readonly largest: number;
}

/** What follows the first ids of the first recorded sequence; without these. */
export interface Continuation {
  readonly agrees: boolean;
  readonly ours: readonly number[];
  readonly recorded: readonly number[];
}

/** The largest differences that still agree, in float32; of gradients relative. */
export const TOLERANCES = { logits: 1e-4, loss: 1e-5, gradients: 1e-4, training: 1e-4 } as const;

/** How many ids of the first recorded sequence are continued. */
const PROMPT = 8;

/**
 * Runs the model of a Hugging Face folder (`config.json`, `model.safetensors`) on what is recorded of it there in
 * `io.safetensors`: `input_ids` and `logits`, and where they are there `loss` (mean cross-entropy), `grad.*` (of it, by
 * parameter), `train_ids` and `train_losses` (steps of AdamW: rate 1e-3, betas 0.9 and 0.95, decay 0.1 of everything,
 * gradients clipped to a norm of 1), `greedy` and `beamN` (N beams, no end token).
 * Errors: those of `loadHuggingFace`; `mismatch` with the file and the tensor for a recording that does not fit.
 */
export function compareWithRecording(folder: string): Comparison {
  const loaded = loadHuggingFace(folder);
  const file = join(folder, 'io.safetensors');
  const recording = readTensors(file);
  checkRecording(recording, loaded, file);
  const layout = layoutOf<BackboneOf<Value>>(loaded.parameters);
  const found = {
    ...evaluated(loaded, layout, recording),
    training: trained(loaded, layout, recording),
    ...continued(loaded, recording),
  };
  const agrees =
    found.logits.largest <= TOLERANCES.logits &&
    (found.loss?.largest ?? 0) <= TOLERANCES.loss &&
    Object.values(found.gradients).every(({ relative }) => relative <= TOLERANCES.gradients) &&
    (found.training?.largest ?? 0) <= TOLERANCES.training &&
    found.greedy?.agrees !== false &&
    found.beam?.agrees !== false;
  return { type: loaded.type, parameters: layout.size, agrees, ...found };
}

type ParameterLayout = Layout<BackboneOf<Value>>;

/** Cross-entropy of ids and its gradient by all parameters as one vector. */
function lossAndGradient(
  model: Backbone,
  layout: ParameterLayout,
  flat: tf.Tensor,
  ids: tf.Tensor,
): { readonly loss: tf.Tensor; readonly gradient: tf.Tensor } {
  const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => model.loss(treeOf(x, layout), { ids }).crossEntropy)(flat);
  return { loss: value, gradient: grad };
}

function treeOf(flat: tf.Tensor, layout: ParameterLayout): BackboneOf<tf.Tensor> {
  return unpackTensors(flat as tf.Tensor1D, layout) as BackboneOf<tf.Tensor>;
}

function evaluated(
  { model, parameters, sources }: LoadedModel,
  layout: ParameterLayout,
  recording: Recording,
): Pick<Comparison, 'logits' | 'loss' | 'gradients'> {
  const program = compile(
    ({ flat, ids }) => ({
      logits: model.logits(treeOf(flat!, layout), { ids: ids! }),
      ...lossAndGradient(model, layout, flat!, ids!),
    }),
    { name: 'backbone/compare' },
  );
  const { logits, loss, gradient } = program.run({ flat: pack(parameters), ids: recording.input_ids! });
  program.dispose();
  const ofParameters = toTensors(viewsOf(layout, gradient!.data as Float32Array), sources);
  const gradients = Object.entries(recording).flatMap(([name, { data }]): [string, Difference][] => {
    const parameter = name.replace(/^grad\./, '');
    return parameter === name ? [] : [[parameter, differenceOf(ofParameters[parameter]!.data, data)]];
  });
  return {
    logits: unmaskedDifference(logits!.data, recording.logits!.data),
    loss: recording.loss === undefined ? null : scalars(loss!.data[0]!, recording.loss.data[0]!),
    gradients: Object.fromEntries(gradients),
  };
}

function trained(
  { model, parameters }: LoadedModel,
  layout: ParameterLayout,
  recording: Recording,
): Comparison['training'] {
  const { train_ids: all, train_losses: losses } = recording;
  if (all === undefined || losses === undefined) return null;
  const optimiser = chain(
    clipByGlobalNorm(1),
    adamw({ learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 }),
  );
  const program = compile(
    ({ flat, ids, ...state }) => {
      const { loss, gradient } = lossAndGradient(model, layout, flat!, ids!);
      const before = restored<ReturnType<typeof optimiser.init>, tf.Tensor>('', state);
      const { updates, state: after } = optimiser.update(
        gradient,
        before as Parameters<typeof optimiser.update>[1],
        flat!,
      );
      return { loss, flat: applyUpdates(flat!, updates) as tf.Tensor, ...flattened('', after) };
    },
    { name: 'backbone/train' },
  );
  const [steps, batch, length] = all.shape as [number, number, number];
  const flat = pack(parameters);
  let state: Readonly<Record<string, Value>> = {
    flat,
    ...flattened<Value>('', optimiser.init(flat) as Mapped<never, Value>),
  };
  const ours: number[] = [];
  for (let step = 0; step < steps; step++) {
    const rows = (all.data as Int32Array).slice(step * batch * length, (step + 1) * batch * length);
    const { loss, ...next } = program.run({ ...state, ids: int32([batch, length], rows) });
    ours.push(loss!.data[0]!);
    state = next;
  }
  program.dispose();
  return { ours, recorded: [...losses.data], largest: differenceOf(float32([steps], ours).data, losses.data).largest };
}

function continued({ model, parameters }: LoadedModel, recording: Recording): Pick<Comparison, 'greedy' | 'beam'> {
  const length = recording.input_ids!.shape[1]!;
  const prompt = int32(
    [1, Math.min(PROMPT, length)],
    (recording.input_ids!.data as Int32Array).slice(0, Math.min(PROMPT, length)),
  );
  const decoder = new Decoder(model);
  const beside = (name: string, decode: (steps: number) => readonly number[]): Continuation | null => {
    const whole = recording[name];
    if (whole === undefined) return null;
    const recorded = [...whole.data].slice(prompt.data.length);
    const ours = decode(recorded.length);
    return { agrees: String(ours) === String(recorded), ours, recorded };
  };
  const greedy = beside('greedy', (steps) => decoder.generate(parameters, prompt, { steps })[0]!);
  const name = Object.keys(recording).find((key) => BEAMS.test(key)) ?? '';
  const beams = Number(BEAMS.exec(name)?.[1]);
  const beam = beside(name, (steps) => decoder.beam(parameters, prompt, { beams, steps })[0]!.ids);
  decoder.dispose();
  return { greedy, beam: beam === null ? null : { beams, ...beam } };
}

function scalars(ours: number, recorded: number): Scalars<number> {
  return { ours, recorded, largest: Math.abs(ours - recorded) };
}

/** Not a number where one of ours is none: no difference is within a tolerance then. */
function differenceOf(ours: ArrayLike<number>, recorded: ArrayLike<number>): Difference {
  let [largest, scale] = [0, 0];
  for (let i = 0; i < recorded.length; i++) {
    const distance = Math.abs(ours[i]! - recorded[i]!);
    if (!(distance <= largest)) largest = distance;
    scale = Math.max(scale, Math.abs(recorded[i]!));
    if (Number.isNaN(largest)) break;
  }
  return { largest, relative: largest === 0 ? 0 : largest / scale };
}

/** The minimum of float32: what a masked logit is set to by PyTorch code. */
const MINIMUM = -3.4028234663852886e38;

function unmaskedDifference(ours: ArrayLike<number>, recorded: ArrayLike<number>): Comparison['logits'] {
  const kept = Array.from(recorded, (_, i) => i).filter((i) => recorded[i] !== MINIMUM);
  const of = (numbers: ArrayLike<number>): Float32Array => Float32Array.from(kept, (i) => numbers[i]!);
  const difference = differenceOf(of(ours), of(recorded));
  return { ...difference, compared: kept.length, masked: recorded.length - kept.length };
}
