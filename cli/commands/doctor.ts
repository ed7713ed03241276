import { Command } from 'commander';
import { describeMachine, type Machine } from '../../core/index.ts';
import type { Diagnosis } from '../../nn/index.ts';
import { jsonOption, type MakeCommand } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

interface Options {
  readonly quick?: true;
  readonly json?: true;
}

export const doctorCommand: MakeCommand = (terminal, finish) =>
  new Command('doctor')
    .description('try and measure every way of computing on this machine')
    .option('--quick', 'only try, do not measure')
    .addOption(jsonOption('the machine and what works on it'))
    .action(async ({ quick, json }: Options) => {
      const machine = describeMachine();
      const diagnose = terminal.diagnose ?? (await import('../../nn/index.ts')).diagnose;
      const devices = await diagnose({ isMeasured: quick !== true });
      if (json) printJson(terminal.stdout, { machine, devices });
      else for (const line of report(machine, devices)) printLine(terminal.stdout, line);
      finish(devices.some(({ works }) => works) ? exitCodes.done : exitCodes.failed);
    });

/** What people read: the machine, what works and how fast, and what the rest would need. */
export function report(machine: Machine, devices: readonly Diagnosis[]): string[] {
  const { cpu, cores, memoryGiB, system, versions, gpus } = machine;
  const lines = [
    `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${memoryGiB} GiB; ${system}; Node ${versions.node}; ONNX Runtime ${versions['onnxruntime-node']}`,
    ...gpus.map(({ name, memoryMiB, driver, computeCapability }) => {
      const capability = computeCapability === null ? '' : `, compute capability ${computeCapability.toFixed(1)}`;
      return `${name}, ${Math.round(memoryMiB / 1024)} GiB${capability}; driver ${driver}`;
    }),
    ...(gpus.length === 0 ? ['no NVIDIA GPU (nvidia-smi)'] : []),
    '',
  ];
  const isMeasured = devices.some(({ measurement }) => measurement !== undefined);
  if (isMeasured)
    lines.push(`       ${'device'.padEnd(18)}${'matrix product'.padStart(24)}${'training step'.padStart(16)}`);
  for (const { executor, device, works, detail, measurement } of devices) {
    const numbers =
      measurement === undefined
        ? isMeasured
          ? ' '.repeat(40)
          : ''
        : `${product(measurement).padStart(24)}${`${measurement.trainingStepMs.toPrecision(3)} ms`.padStart(16)}`;
    lines.push(
      `${works ? 'works' : 'no   '}  ${`${executor} ${device}`.padEnd(18)}${numbers}  ${detail ?? ''}`.trimEnd(),
    );
  }
  const failing = devices.filter(({ works }) => !works);
  if (failing.length > 0) lines.push('');
  for (const { executor, device, reason, cure } of failing) {
    const remark = [reason, cure].flatMap((part) => part?.replace(/[.\s]+$/, '') ?? []).join('. ');
    lines.push(`${executor} ${device}: ${remark}`);
  }
  if (isMeasured) {
    lines.push(
      '',
      'matrix product: float32, square; training step: MLP 8-64-64-4, batch 256, forward, backward and Adam.',
      'onnx cpu: one thread, as runs have by default. The best of a second each; more in docs/gpu.md.',
    );
  }
  return lines;
}

function product({ productSize, productGflops }: NonNullable<Diagnosis['measurement']>): string {
  const speed =
    productGflops >= 1000
      ? `${(productGflops / 1000).toPrecision(3)} TFLOP/s`
      : `${productGflops.toPrecision(3)} GFLOP/s`;
  return `${speed} at ${productSize}`;
}
