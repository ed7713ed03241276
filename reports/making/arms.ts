import type { RecordedRun } from '../read-runs.ts';
import { differing, type Settings } from './settings.ts';

/**
 * Which arm each run belongs to: its job's arm or its scenario's name, and where runs of one name on one task differ in
 * what they learn with, those of its settings in which they do, as `ppo (learningRate=0.001, clip=0.1)`.
 */
export function armsOf(runs: readonly RecordedRun[], settings: readonly Settings[]): string[] {
  const arms: string[] = new Array(runs.length);
  const groups = new Map<string, number[]>();
  runs.forEach(({ arm, task }, i) => {
    const group = JSON.stringify([arm, task]);
    groups.set(group, [...(groups.get(group) ?? []), i]);
  });
  for (const members of groups.values()) {
    const paths = differing(members.map((i) => settings[i]!)).filter(isLearning);
    for (const i of members) {
      // What a run has not at all follows from what it has: the options of another curriculum or learner.
      const own = paths.filter((path) => settings[i]!.has(path));
      const parts = own.map((path) => `${lastPart(path)}=${JSON.stringify(settings[i]!.get(path))}`);
      arms[i] = parts.length > 0 ? `${runs[i]!.arm} (${parts.join(', ')})` : runs[i]!.arm;
    }
  }
  return arms;
}

/** Whether a setting changes what is learnt. Others (threads, checkpoints) may differ within an arm. */
function isLearning(path: string): boolean {
  return !/^\/(checkpoint|evaluation|device|executor|threads|tensorboard)(\/|$)/.test(path);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
