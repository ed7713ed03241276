/** The command with a training whose first iteration does not end: `node --import tsx stuck.ts run ...`. */
import { main } from '../../cli/main.ts';
import { fakeTraining } from '../scenarios/fake-training.ts';

process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  createTraining: async (spec) => {
    const training = await fakeTraining()(spec);
    training.advance = () => new Promise(() => void setInterval(() => {}, 10_000_000));
    return training;
  },
});
