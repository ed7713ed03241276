import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Report } from './webgpu/cases.ts';
import { NO_ADAPTER, softwareAdapter } from './webgpu/software-adapter.ts';

/** Of |device - CPU| / (1 + |CPU|), gradients included. */
const TOLERANCE = 1e-5;
/** WGSL promises sines of 2^-11 only; angles and what cancels near 0 are as good as the driver. */
const LOOSE: Readonly<Record<string, number>> = {
  'curves: sin': 1e-3,
  'curves: cos': 1e-3,
  'curves: tan': 1e-3,
  'curves: acos': 1e-3,
  'curves: asin': 1e-3,
  // sinh of 1e-30 is 0 where it is a difference of two exponentials.
  'curves: expm1 and log1p where a plain formula cancels': 1,
  // WGSL may take for granted that there are no infinities and NaN.
  'curves: expm1 and log1p at the ends': Number.POSITIVE_INFINITY,
  'curves: infinities and NaN pass through': Number.POSITIVE_INFINITY,
};
/** What ONNX Runtime 1.30 has no WebGPU kernel for, whatever the dtype. */
const ON_THE_CPU = ['IsInf', 'IsNaN', 'Mod', 'Or', 'Round', 'Selu', 'Sign'];
/** What networks are made of: never on the CPU. */
const ON_THE_DEVICE = [
  ...['Gemm', 'Conv', 'Add', 'Sub', 'Mul', 'Exp', 'Log', 'Tanh', 'Sigmoid', 'Erf', 'Sqrt', 'Clip', 'Where', 'Softmax'],
  ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'Gather', 'ScatterElements', 'Transpose', 'Slice', 'Concat', 'Split'],
];

function reportFrom(environment: Readonly<Record<string, string>>): Promise<Report> {
  return new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL('./webgpu/cases.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script], { env: { ...process.env, ...environment } });
    let [printed, said] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const line = printed.split('\n').find((text) => text.startsWith('{'));
      if (code === 0 && line !== undefined) resolve(JSON.parse(line) as Report);
      else reject(new Error(`ended with ${code ?? signal}: ${said.slice(-2000)}`));
    });
  });
}

describe('WebGPU on a software adapter', () => {
  const adapter = softwareAdapter();
  if (adapter === null) {
    it.skip(NO_ADAPTER);
    return;
  }
  let report: Report;

  before(async function () {
    // Shaders are compiled for every operator of every case.
    this.timeout(600_000);
    report = await reportFrom(adapter);
  });

  it('computes every lowering, every gradient and a scan as the CPU does', () => {
    assert.ok(report.outcomes.length > 150, String(report.outcomes.length));
    assert.equal(report.outcomes.filter(({ name }) => name.startsWith('scan')).length, 20);
    const wrong = report.outcomes.filter(({ name, apart }) => !((apart ?? 9) <= (LOOSE[name] ?? TOLERANCE)));
    assert.deepEqual(wrong, []);
  });

  it('really ran there: what networks are made of never on the CPU, and little else', () => {
    const { operators } = report;
    for (const operator of ON_THE_DEVICE) {
      assert.ok((operators[operator]?.device ?? 0) > 0, `${operator} did not run on the device`);
      assert.equal(operators[operator]!.cpu, 0, `${operator} ran on the CPU`);
    }
    const never = Object.keys(operators).filter((operator) => operators[operator]!.device === 0);
    assert.deepEqual(never.sort(), ON_THE_CPU);
    const counts = Object.values(operators);
    const [onDevice, onCpu] = [
      counts.reduce((sum, { device }) => sum + device, 0),
      counts.reduce((sum, { cpu }) => sum + cpu, 0),
    ];
    assert.ok(onCpu < 0.1 * onDevice, `${onCpu} nodes on the CPU, ${onDevice} on the device`);
  });
});
