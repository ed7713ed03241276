import { Command } from 'commander';
import type { Diagnosis } from '../../nn/index.ts';
import { jsonOption, type MakeCommand } from '../command.ts';
import { exitCodes, printJson, printLine } from '../terminal.ts';

export const doctorCommand: MakeCommand = (terminal, finish) =>
  new Command('doctor')
    .description('try every way of computing on this machine')
    .addOption(jsonOption('what works'))
    .action(async ({ json }: { readonly json?: true }) => {
      const found = await (terminal.diagnose ?? (await import('../../nn/index.ts')).diagnose)();
      if (json) printJson(terminal.stdout, found);
      else for (const each of found) printLine(terminal.stdout, describe(each));
      finish(found.some(({ works }) => works) ? exitCodes.done : exitCodes.failed);
    });

function describe({ executor, device, works, reason, cure }: Diagnosis): string {
  const name = `${works ? 'works' : 'no   '}  ${executor.padEnd(5)}  ${device.padEnd(10)}`;
  const remark = [reason, cure].flatMap((part) => part?.replace(/[.\s]+$/, '') ?? []).join('. ');
  return `${name}  ${remark}`.trimEnd();
}
