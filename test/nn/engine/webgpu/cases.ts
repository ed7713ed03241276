/**
 * Every case of the lowerings once on ONNX Runtime's WebGPU provider and once on its CPU's: run by `webgpu.test.ts` in a
 * process of its own. Prints one line of JSON.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, compileScan, onnxExecutor } from '../../../../nn/engine/index.ts';
import { groups, withGradients } from '../cases/all.ts';
import { Draw } from '../cases/case.ts';
import { learn, problem } from '../cases/learning.ts';
import { distance } from '../distance.ts';

/** How a case came out: the largest distance of a result or a gradient from the CPU's, or what went wrong. */
export interface Outcome {
  readonly name: string;
  readonly apart?: number;
  readonly error?: string;
}

export interface Report {
  readonly outcomes: readonly Outcome[];
  /** How many nodes of each operator ran on the device, and how many on the CPU. */
  readonly operators: Readonly<Record<string, { device: number; cpu: number }>>;
}

const folder = mkdtempSync(join(tmpdir(), 'lightbulb-webgpu-'));
const operators: Record<string, { device: number; cpu: number }> = {};

interface Trace {
  readonly cat: string;
  readonly name: string;
  readonly args?: { readonly provider?: string; readonly op_name?: string };
}

/** Counts, once each, the nodes of the profiles that were written since the last call. */
function countNodes(): void {
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    // A session that did not load has an empty one, open as long as the process runs.
    if (text === '') continue;
    for (const { cat, name, args } of JSON.parse(text) as Trace[]) {
      if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
      const operator = args?.op_name ?? '';
      operators[operator] ??= { device: 0, cpu: 0 };
      const counts = operators[operator];
      if (args?.provider?.startsWith('WebGpu')) counts.device++;
      else counts.cpu++;
    }
    rmSync(path);
  }
}

const [device, host] = [onnxExecutor({ device: 'webgpu', profile: join(folder, 'p') }), onnxExecutor()];
const outcomes: Outcome[] = [];
for (const [group, cases] of Object.entries(groups)) {
  for (const { name, make } of cases) {
    const label = `${group}: ${name}`;
    const instance = make(new Draw(7));
    const fn = withGradients(instance);
    const programs = [device, host].map((executor) => compile(fn, { name: 'case', executor }));
    try {
      const [found, wanted] = programs.map((program) => program.run(instance.inputs));
      const apart = Object.entries(wanted!).map(([key, value]) => distance(found![key]!, value));
      outcomes.push({ name: label, apart: Math.max(...apart) });
    } catch (error) {
      outcomes.push({ name: label, error: String(error) });
    } finally {
      for (const program of programs) program.dispose();
    }
    countNodes();
  }
}
// Seven steps of Adam in buffers of the device, often enough to meet one that was used again too early.
const scans = [device, host].map((executor) => compileScan(learn, { name: 'learn', executor }));
for (let i = 0; i < 20; i++) {
  const given = problem(7);
  const [found, wanted] = scans.map((scan) => scan.run(given));
  const apart = (['carry', 'ys'] as const).flatMap((part) =>
    Object.entries(wanted![part]).map(([key, value]) => distance(found![part][key]!, value)),
  );
  outcomes.push({ name: `scan ${i}`, apart: Math.max(...apart) });
}
for (const scan of scans) scan.dispose();
countNodes();
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ outcomes, operators } satisfies Report));
