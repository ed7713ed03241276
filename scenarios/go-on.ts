import { join } from 'node:path';
import type { Training } from '../agents/index.ts';
import { LightbulbError } from '../core/index.ts';
import type { Saved } from './checkpoints.ts';

/** Puts a training where the checkpoint was taken. `mismatch`, with the cure, where it is of another network. */
export function goOnFrom(saved: Saved, training: Training, folder: string): void {
  try {
    training.load(saved.checkpoint);
  } catch (cause) {
    if (!(cause instanceof LightbulbError) || cause.code !== 'mismatch') throw cause;
    throw new LightbulbError('mismatch', `the checkpoint is of another network: ${cause.message}`, {
      where: join(folder, 'checkpoints', String(saved.step)),
      cure: 'Go on with the scenario that the run was made with, or start a new run',
      cause,
    });
  }
}
