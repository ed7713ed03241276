import type { Tensor as OrtTensor } from 'onnxruntime-common';
import type { Executable, ScanPlan } from './executor.ts';
import { type FinishedGraph, Graph } from './graph.ts';
import type { OnnxSession } from './onnx-executor.ts';
import { ortTensor } from './onnx-runtime.ts';
import { OUTPUT, outputsOf } from './onnx-scan.ts';
import { simplify } from './simplify.ts';
import type { Signature } from './trace.ts';
import type { Value } from './value.ts';

type Open = (graph: FinishedGraph, name: string, location: 'cpu' | 'gpu-buffer') => OnnxSession;
type Tensors = Record<string, OrtTensor>;
type Values = Readonly<Record<string, Value>>;

/**
 * A scan that the host drives while everything stays in the device's buffers: the outputs of a step are tensors there,
 * and the next step's inputs. Constants and the first carry go up once; the last carry and all `y` come down once, as
 * the outputs of a program that copies them (onnxruntime-node 1.30 cannot download a buffer: `getData` aborts the
 * process).
 */
export function residentScan(step: FinishedGraph, plan: ScanPlan, name: string, open: Open): Executable {
  const { steps, each } = plan;
  const carried = Object.keys(each).filter((key) => key.startsWith('carry/'));
  const constants = Object.keys(each).filter((key) => key.startsWith('constant/'));
  const rows = Object.keys(each).filter((key) => key.startsWith('x/'));
  const produced = outputsOf(step);
  const left = Object.keys(produced).filter((key) => key.startsWith('y/'));
  const outputs: Signature = Object.fromEntries(
    Object.entries(produced).map(([key, { dtype, shape }]) => [
      key,
      { dtype, shape: key.startsWith('y/') ? [steps, ...shape] : shape },
    ]),
  );
  const place = open(placeGraph(pick(each, [...carried, ...constants])), `${name}/place`, 'gpu-buffer');
  const advance = open(step, name, 'gpu-buffer');
  const collect = open(collectGraph(pick(produced, carried), pick(produced, left), steps), `${name}/collect`, 'cpu');
  const fresh = (keys: readonly string[]): Record<string, null> =>
    Object.fromEntries(keys.map((key) => [OUTPUT + key, null]));
  const stepFetches = fresh(Object.keys(produced));
  const placeFetches = fresh([...carried, ...constants]);

  const bind = (inputs: Values, results: Values): (() => void) => {
    const first = tensorsOf(pick(inputs, [...carried, ...constants]));
    const xs = Array.from({ length: steps }, (_, m) => tensorsOf(rowsAt(pick(inputs, rows), each, m)));
    const fetches = Object.fromEntries(Object.keys(outputs).map((key) => [OUTPUT + key, ortTensor(results[key]!)]));
    return () => {
      const placed = place.run(first, placeFetches);
      const held: Tensors = Object.fromEntries(constants.map((key) => [key, placed[OUTPUT + key]!]));
      const kept: Tensors = {};
      let carry: Tensors = Object.fromEntries(carried.map((key) => [key, placed[OUTPUT + key]!]));
      try {
        for (let m = 0; m < steps; m++) {
          const made = advance.run({ ...carry, ...held, ...xs[m] }, stepFetches);
          release(carry);
          carry = Object.fromEntries(carried.map((key) => [key, made[OUTPUT + key]!]));
          for (const key of left) kept[rowName(key, m)] = made[OUTPUT + key]!;
        }
        collect.run({ ...carry, ...kept }, fetches);
      } finally {
        for (const tensors of [carry, held, kept]) release(tensors);
      }
    };
  };
  return {
    outputs,
    bind,
    run: (inputs, results) => bind(inputs, results)(),
    model: () => advance.model,
    dispose: () => {
      for (const session of [place, advance, collect]) session.dispose();
    },
  };
}

/** Copies everything that it is given: from the host into buffers, where its outputs are to be. */
function placeGraph(signature: Signature): FinishedGraph {
  const graph = new Graph();
  for (const [name, { dtype, shape }] of Object.entries(signature))
    graph.output(OUTPUT + name, graph.input(name, dtype, shape), dtype, shape);
  return simplify(graph);
}

/** Copies the carry, and puts the `y` of all steps on top of each other. */
function collectGraph(carry: Signature, ys: Signature, steps: number): FinishedGraph {
  const graph = new Graph();
  for (const [name, { dtype, shape }] of Object.entries(carry))
    graph.output(OUTPUT + name, graph.input(name, dtype, shape), dtype, shape);
  for (const [name, { dtype, shape }] of Object.entries(ys)) {
    const rows = Array.from({ length: steps }, (_, m) => graph.input(rowName(name, m), dtype, shape));
    const axis = graph.int64s([0]);
    const stacked = graph.op(
      'Concat',
      rows.map((row) => graph.op('Unsqueeze', [row, axis])),
      { axis: 0 },
    );
    graph.output(OUTPUT + name, stacked, dtype, [steps, ...shape]);
  }
  return simplify(graph);
}

function rowName(name: string, m: number): string {
  return `${name}/${m}`;
}

/** Row `m` of each value: views. */
function rowsAt(values: Values, each: Signature, m: number): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, { dtype, data, shape }]) => {
      const size = data.length / shape[0]!;
      return [key, { dtype, shape: each[key]!.shape, data: data.subarray(m * size, (m + 1) * size) }];
    }),
  );
}

function tensorsOf(values: Values): Tensors {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, ortTensor(value)]));
}

function release(tensors: Tensors): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}

function pick<Held>(from: Readonly<Record<string, Held>>, keys: readonly string[]): Record<string, Held> {
  return Object.fromEntries(keys.map((key) => [key, from[key]!]));
}
