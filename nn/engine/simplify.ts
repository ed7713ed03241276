import type { FinishedGraph, Graph, GraphNode } from './graph.ts';

/**
 * Finishes a traced graph: fuses bias additions into products, drops what no output needs, and lets operators write
 * straight into the outputs' buffers instead of through a copy.
 */
export function simplify(graph: Graph): FinishedGraph {
  const sources = graph.outputs.map(({ source }) => source);
  const nodes = live(fuseBiases(graph, live(graph.nodes, sources), sources), sources);
  const { renamed, copies } = outputNames(graph, nodes);
  const finished = [...nodes.map((node) => rename(node, renamed)), ...copies];
  const read = new Set(finished.flatMap(({ inputs }) => inputs));
  return {
    inputs: graph.inputs,
    outputs: graph.outputs,
    nodes: finished.map((node) => withoutUnusedOutputs(node, read)),
    constants: graph.constants.filter(({ name }) => read.has(name)),
  };
}

/** The nodes that `sources` depend on, in order. */
function live(nodes: readonly GraphNode[], sources: readonly string[]): GraphNode[] {
  const needed = new Set(sources);
  const kept: GraphNode[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
    kept.push(node);
  }
  return kept.reverse();
}

/** Gemm, then Add of a row (with a reshape between, perhaps): one Gemm, where nobody else reads the bare product. */
function fuseBiases(graph: Graph, nodes: readonly GraphNode[], sources: readonly string[]): GraphNode[] {
  const uses = new Map<string, number>();
  for (const name of [...sources, ...nodes.flatMap(({ inputs }) => inputs)]) uses.set(name, (uses.get(name) ?? 0) + 1);
  const isOnlyUse = (name: string): boolean => uses.get(name) === 1;
  return nodes.flatMap((node) => {
    const sum = node.outputs[0]!;
    const found = graph.biases.get(sum);
    if (found === undefined || !isOnlyUse(found.product)) return [node];
    const maker = graph.producer(found.product)!;
    const isReshaped = maker.operator === 'Reshape';
    const gemm = isReshaped ? graph.producer(maker.inputs[0]!)! : maker;
    if (isReshaped && !isOnlyUse(gemm.outputs[0]!)) return [node];
    const flat = isReshaped ? `${sum}/flat` : sum;
    const fused: GraphNode = {
      ...gemm,
      name: `${gemm.name}+bias`,
      inputs: [...gemm.inputs, found.bias],
      outputs: [flat],
    };
    return isReshaped
      ? [fused, { ...maker, name: `${sum}/reshape`, inputs: [flat, maker.inputs[1]!], outputs: [sum] }]
      : [fused];
  });
}

/** Each output takes over the name of its source; where it cannot (an input, a constant, a second output) it is copied. */
function outputNames(
  graph: Graph,
  nodes: readonly GraphNode[],
): { renamed: ReadonlyMap<string, string>; copies: readonly GraphNode[] } {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const renamed = new Map<string, string>();
  const copied: { name: string; source: string }[] = [];
  for (const { name, source } of graph.outputs) {
    if (made.has(source) && !renamed.has(source)) renamed.set(source, name);
    else copied.push({ name, source });
  }
  const copies = copied.map(
    ({ name, source }): GraphNode => ({
      operator: 'Identity',
      name: `${name}/copy`,
      inputs: [renamed.get(source) ?? source],
      outputs: [name],
      attributes: {},
    }),
  );
  return { renamed, copies };
}

function rename(node: GraphNode, renamed: ReadonlyMap<string, string>): GraphNode {
  const to = (name: string): string => renamed.get(name) ?? name;
  return { ...node, inputs: node.inputs.map(to), outputs: node.outputs.map(to) };
}

/** An optional result that nobody reads costs time all the same unless its name is dropped (MaxPool's positions). */
function withoutUnusedOutputs(node: GraphNode, read: ReadonlySet<string>): GraphNode {
  if (node.operator !== 'MaxPool' || node.outputs.length < 2 || read.has(node.outputs[1]!)) return node;
  return { ...node, outputs: node.outputs.slice(0, 1) };
}
