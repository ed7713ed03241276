import { Command } from 'commander';
import type { MakeCommand } from '../command.ts';
import { exitCodes, printJson } from '../terminal.ts';

export const modelCommand: MakeCommand = (terminal, finish) =>
  new Command('model')
    .description('work with the weights of language models')
    .addCommand(
      new Command('compare')
        .description('run a Hugging Face model and compare it with what is recorded of it; prints JSON')
        .argument('<folder>', 'with config.json, model.safetensors and the recording, io.safetensors')
        .action(async (folder: string) => {
          const { compareWithRecording } = await import('../../nn/index.ts');
          const comparison = compareWithRecording(folder);
          printJson(terminal.stdout, comparison);
          finish(comparison.agrees ? exitCodes.done : exitCodes.failed);
        }),
    )
    // Made before its parent has its streams: without this, errors of usage would go past the terminal.
    .hook('preSubcommand', (command, subcommand) => void subcommand.copyInheritedSettings(command));
