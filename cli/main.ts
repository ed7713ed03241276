import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { agentCommand } from './commands/agent.ts';
import { batchCommand } from './commands/batch.ts';
import { checkCommand } from './commands/check.ts';
import { conformCommand } from './commands/conform.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { importCommand } from './commands/import.ts';
import { listCommand } from './commands/list.ts';
import { modelCommand } from './commands/model.ts';
import { playCommand } from './commands/play.ts';
import { recordCommand } from './commands/record.ts';
import { reportCommand } from './commands/report.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { setupCommand } from './commands/setup.ts';
import { topCommand } from './commands/top.ts';
import { validateCommand } from './commands/validate.ts';
import { watchCommand } from './commands/watch.ts';
import { workerCommand } from './commands/worker.ts';
import { reportError } from './errors.ts';
import { type ExitCode, exitCodes, type Terminal } from './terminal.ts';

const commands = [
  runCommand,
  resumeCommand,
  agentCommand,
  topCommand,
  batchCommand,
  workerCommand,
  evaluateCommand,
  playCommand,
  recordCommand,
  importCommand,
  reportCommand,
  watchCommand,
  validateCommand,
  checkCommand,
  conformCommand,
  listCommand,
  modelCommand,
  doctorCommand,
  setupCommand,
];

/** The `lightbulb` command. `words`: what was typed after it. Returns the exit code and never throws. */
export async function main(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const program = new Command('lightbulb')
    .description('Agents that learn together, from a scenario file or an environment of your own.')
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .addHelpText(
      'after',
      '\nStart with:\n  lightbulb run cartpole\n\nExit codes: 0 done, 1 failed, 2 the input is wrong, 130 interrupted',
    );
  const streams = {
    writeOut: (text: string) => void terminal.stdout.write(text),
    writeErr: (text: string) => void terminal.stderr.write(text),
  };
  program.configureOutput(streams).exitOverride();
  for (const make of commands) {
    const command = make(terminal, (result) => {
      code = result;
    });
    program.addCommand(command.copyInheritedSettings(program));
  }
  try {
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    return reportError(error, terminal);
  }
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
