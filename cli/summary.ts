import type { Evaluation } from '../agents/index.ts';
import type { Scenario, Summary } from '../scenarios/index.ts';

/** What a run reached, and how to go on, in words. */
export function summaryText(summary: Summary): string {
  const { scenario, seed, state, steps, seconds, stepsPerSecond, evaluation, prepared, folder } = summary;
  const unit = prepared === undefined ? 'steps' : 'updates';
  const before = (prepared ?? []).reduce((sum, task) => sum + task.seconds, 0);
  const preparation = prepared === undefined ? '' : `, after ${duration(before)} of preparation`;
  const trained = `${steps} ${unit} in ${duration(seconds)}, ${short(stepsPerSecond)} ${unit}/s${preparation}`;
  const isEarly = prepared !== undefined && steps === 0;
  const speed = isEarly ? `nothing learned yet, tasks prepared: ${listed(prepared)}` : trained;
  const lines = [
    `${scenario} (seed ${seed}) ${state}: ${speed}`,
    ...(evaluation === null ? [] : [reachedText(evaluation)]),
    ...(evaluation?.model === undefined ? [] : [modelText(evaluation.model)]),
    `folder: ${folder}`,
    state === 'interrupted' ? `go on:  lightbulb resume ${folder}` : `next:   lightbulb evaluate ${folder}`,
  ];
  return lines.join('\n');
}

function listed(prepared: NonNullable<Summary['prepared']>): string {
  return prepared.length === 0 ? 'none' : prepared.map(({ task }) => task).join(', ');
}

/** Where there are tasks, a table says the rest. */
function reachedText(evaluation: Evaluation): string {
  if (evaluation.tasks === undefined) return evaluationText(evaluation);
  return `${percent(evaluation.return.mean)} of the experts' gain over random play, mean of the tasks`;
}

/** One line of an evaluation. */
export function evaluationText({ episodes, return: { mean, std }, length, tasks, team, scores }: Evaluation): string {
  if (tasks !== undefined) {
    const each = Object.entries(tasks).map(([task, { score }]) => `${task} ${percent(score)}`);
    return `${percent(mean)} of the experts' gain: ${each.join(', ')}`;
  }
  const further = [...(team === undefined ? [] : [['team', team] as const]), ...Object.entries(scores ?? {})];
  const more = further.map(([name, value]) => `, ${name} ${short(value)}`).join('');
  return `return ${short(mean)} +- ${short(std)} over ${episodes} episodes of ${short(length)} steps${more}`;
}

/** How far a learned model can be trusted, in two lines. */
export function modelText({ openLoop, terminal }: NonNullable<Evaluation['model']>): string {
  const horizons = Object.entries(openLoop).map(
    ([ahead, { model, copy }]) => `${short(model)} against ${short(copy)} ${ahead} ahead`,
  );
  const { brier, brierOfRate, calibrationError, rate, cases } = terminal;
  const endings = `${short(brier)} against ${short(brierOfRate)} by their rate, ${percent(rate)} of ${cases} steps`;
  return [
    `model, squared error against copying the last frame: ${horizons.join(', ') || 'no episode was long enough'}`,
    `model, Brier score of endings: ${endings}; calibration error ${short(calibrationError)}`,
  ].join('\n');
}

/** `93 %` of a share. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** What a scenario is played in: its environment, or the names of its tasks. */
export function played({ environment, tasks }: Scenario): string {
  if (environment === null) return Object.keys(tasks ?? {}).join(', ');
  return 'name' in environment ? environment.name : environment.module;
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
