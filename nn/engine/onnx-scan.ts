import type { ScanPlan } from './executor.ts';
import type { FinishedGraph, GraphNode, Port } from './graph.ts';
import type { Signature } from './trace.ts';

/** What the names of a graph's outputs start with: an input of the same name is another thing. */
export const OUTPUT = 'out/';

/** The outputs of a graph by the names that its function gave them. */
export function outputsOf({ outputs }: FinishedGraph): Signature {
  return Object.fromEntries(
    outputs.map(({ name, type, shape }) => [name.slice(OUTPUT.length), { dtype: type, shape }]),
  );
}

/**
 * The graph whose one operator, ONNX's Scan, runs `step` for each row of the inputs `x/...`: carries are its state
 * variables, rows what it scans, constants what its body sees of the graph around it.
 */
export function scanGraph(step: FinishedGraph, { steps, inputs }: ScanPlan): FinishedGraph {
  const of = (ports: readonly Port[], prefix: string): Port[] => ports.filter(({ name }) => name.startsWith(prefix));
  const [carries, rows] = [of(step.inputs, 'carry/'), of(step.inputs, 'x/')];
  // State variables come out in the order in which they went in.
  const carried = carries.map(({ name }) => step.outputs.find((output) => output.name === OUTPUT + name)!);
  const left = of(step.outputs, `${OUTPUT}y/`);
  const body = renamed({ ...step, inputs: [...carries, ...rows], outputs: [...carried, ...left] });
  const outputs = [...carried, ...left.map((port) => ({ ...port, shape: [steps, ...port.shape] }))];
  const scan: GraphNode = {
    operator: 'Scan',
    name: 'scan',
    inputs: [...carries, ...rows].map(({ name }) => name),
    outputs: outputs.map(({ name }) => name),
    attributes: { body: { graph: body }, num_scan_inputs: rows.length },
  };
  return {
    inputs: Object.entries(inputs).map(([name, { dtype, shape }]) => ({ name, type: dtype, shape })),
    outputs,
    nodes: [scan],
    constants: [],
  };
}

/** The same graph with names that no graph around it has, but for what it takes from there: the constants. */
function renamed(graph: FinishedGraph): FinishedGraph {
  const to = (name: string): string => (name === '' || name.startsWith('constant/') ? name : `step/${name}`);
  const port = (held: Port): Port => ({ ...held, name: to(held.name) });
  return {
    inputs: graph.inputs.map(port),
    outputs: graph.outputs.map(port),
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(to), outputs: node.outputs.map(to) })),
    constants: graph.constants.map((constant) => ({ ...constant, name: to(constant.name) })),
  };
}
