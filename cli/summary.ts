import type { Evaluation } from '../agents/index.ts';
import type { Summary } from '../scenarios/index.ts';

/** What a run reached, and how to go on, in words. */
export function summaryText(summary: Summary): string {
  const { scenario, seed, state, steps, seconds, stepsPerSecond, evaluation, folder } = summary;
  const lines = [
    `${scenario} (seed ${seed}) ${state}: ${steps} steps in ${duration(seconds)}, ${short(stepsPerSecond)} steps/s`,
    ...(evaluation === null ? [] : [evaluationText(evaluation)]),
    `folder: ${folder}`,
    state === 'interrupted' ? `go on:  lightbulb resume ${folder}` : `next:   lightbulb evaluate ${folder}`,
  ];
  return lines.join('\n');
}

export function evaluationText({ episodes, return: { mean, std }, length }: Evaluation): string {
  return `return ${short(mean)} +- ${short(std)} over ${episodes} episodes of ${short(length)} steps`;
}

/** Three or four digits of a number, as many as a person reads. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(size >= 100 ? 4 : 3)));
}

/** `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
