import { Command } from 'commander';
import { LightbulbError } from '../../core/index.ts';
import { jsonOption, type MakeCommand } from '../command.ts';
import { type Diagnosis, exitCodes, printJson, printLine, type Terminal } from '../terminal.ts';

export const doctorCommand: MakeCommand = (terminal, finish) =>
  new Command('doctor')
    .description('try every way of computing on this machine')
    .addOption(jsonOption('what works'))
    .action(async ({ json }: { readonly json?: true }) => {
      const found = await (terminal.diagnose ?? (await engineDiagnose()))();
      if (json) printJson(terminal.stdout, found);
      else for (const each of found) printLine(terminal.stdout, describe(each));
      finish(found.some(({ works }) => works) ? exitCodes.done : exitCodes.failed);
    });

type Diagnose = NonNullable<Terminal['diagnose']>;

/** Loaded late: it brings the whole engine. */
async function engineDiagnose(): Promise<Diagnose> {
  const { diagnose } = (await import('../../nn/index.ts')) as unknown as { readonly diagnose?: Diagnose };
  if (diagnose !== undefined) return diagnose;
  throw new LightbulbError('unavailable', 'this build of the engine cannot diagnose itself');
}

function describe({ executor, device, works, reason, cure }: Diagnosis): string {
  const name = `${works ? 'works' : 'no   '}  ${executor.padEnd(5)}  ${device.padEnd(10)}`;
  const remark = [reason, cure].filter((part) => part !== undefined).join('. ');
  return `${name}  ${remark}`.trimEnd();
}
