import type { Evaluation } from '../agents/index.ts';
import type { Recorder } from './events.ts';
import type { MetricsRow } from './run-folder.ts';

/** The numbers of an evaluation by name, as they stand in `metrics.jsonl`. */
export function evaluationMetrics(evaluation: Evaluation): Record<string, number> {
  const metrics: Record<string, number> = {
    'evaluation/episodes': evaluation.episodes,
    'evaluation/length': evaluation.length,
  };
  for (const [name, value] of Object.entries(evaluation.return)) metrics[`evaluation/return/${name}`] = value;
  for (const [agent, value] of Object.entries(evaluation.agents)) metrics[`evaluation/agent/${agent}`] = value;
  if (evaluation.team !== undefined) metrics['evaluation/team'] = evaluation.team;
  for (const [name, value] of Object.entries(evaluation.scores ?? {})) metrics[`evaluation/score/${name}`] = value;
  for (const [task, { return: of, score }] of Object.entries(evaluation.tasks ?? {})) {
    metrics[`evaluation/${task}/return`] = of.mean;
    metrics[`evaluation/${task}/score`] = score;
  }
  return { ...metrics, ...modelMetrics(evaluation.model) };
}

/** `evaluation/model/openLoop/5/copy`, `evaluation/model/terminal/brier`, ...; the bins stay in what `--json` prints. */
function modelMetrics(model: Evaluation['model']): Record<string, number> {
  if (model === undefined) return {};
  const metrics: Record<string, number> = {};
  for (const [ahead, errors] of Object.entries(model.openLoop))
    for (const part of ['model', 'copy'] as const) metrics[`evaluation/model/openLoop/${ahead}/${part}`] = errors[part];
  for (const part of ['rate', 'brier', 'brierOfRate', 'calibrationError'] as const)
    metrics[`evaluation/model/terminal/${part}`] = model.terminal[part];
  return metrics;
}

/** Writes the numbers of iterations and evaluations, by step and without times, so that equal runs write equal files. */
export function metricsRecorder(folder: { addMetrics(row: MetricsRow): void }): Recorder {
  return (event) => {
    if (event.kind === 'iteration') {
      folder.addMetrics({ step: event.step, episodes: event.episodes, ...event.metrics });
    } else if (event.kind === 'evaluation') {
      folder.addMetrics({ step: event.step, ...evaluationMetrics(event.evaluation) });
    }
  };
}
