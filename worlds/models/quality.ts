import { LightbulbError, type Stream } from '../../core/index.ts';
import type { Executor, Tree, Value } from '../../nn/index.ts';
import { Calibration } from './calibration.ts';
import { ExamPrograms } from './exam-programs.ts';
import type { ModelSequence, WorldModel } from './model.ts';

/** How far a model can be trusted: measured on whole real episodes that it was not trained on. */
export interface ModelQuality {
  /**
   * By steps ahead, as text ("1", "5", "15"): mean squared error of a number of the observation, imagined open loop under
   * the real actions, and of copying the last frame that was seen. In the units of `ModelSequence.observation`. Horizons
   * that no episode was long enough for are missing.
   */
  readonly openLoop: Readonly<
    Record<string, { readonly model: number; readonly copy: number; readonly cases: number }>
  >;
  /** Predicted probabilities of an ending one step ahead against what happened. */
  readonly terminal: {
    readonly cases: number;
    /** Share of steps that ended. */
    readonly rate: number;
    /** Mean squared error of the probability (Brier 1950), and of always saying `rate`. */
    readonly brier: number;
    readonly brierOfRate: number;
    /** Expected calibration error over the bins: mean of |predicted - happened|, weighted by cases. */
    readonly calibrationError: number;
    /** Equal-width bins of the predicted probability that have cases. */
    readonly bins: readonly { readonly predicted: number; readonly happened: number; readonly cases: number }[];
  };
}

/** Real episodes, one beside the other. */
export interface RecordedEpisodes {
  /** [L, B, ...]: column b is an episode from its first row on; behind its last row stands anything finite. */
  readonly sequence: ModelSequence<Value>;
  /** B numbers of rows, each at least 2 (one step) and at most L. */
  readonly lengths: ArrayLike<number>;
}

export interface ExamOptions {
  /** Steps ahead, ascending. Default 1, 5 and 15. */
  readonly horizons?: readonly number[];
  /** Rows that a model is shown before it imagines on, at least; fewer where an episode is as short. Default 5. */
  readonly context?: number;
  /** From how many rows of an episode it imagines on, at most: spread evenly. Default 4. */
  readonly starts?: number;
  /**
   * How often each future is imagined. What is judged is the mean of the draws: one draw from a correct model of a random
   * world has twice the error of its mean. Default 4.
   */
  readonly draws?: number;
  /** Bins of predicted probabilities. Default 10. */
  readonly bins?: number;
}

/**
 * Measures models of one shape again and again: programs are compiled once. Episodes are walked through row by row, and
 * from each row one step is imagined (endings), from some rows as many as the farthest horizon (open loop).
 */
export class ModelExam {
  private readonly programs: ExamPrograms;
  private readonly options: Required<ExamOptions>;

  /** Error `invalid_input` for options that are no counts from 1, or horizons that do not ascend. */
  constructor(
    private readonly model: WorldModel,
    executor: Executor,
    { horizons = [1, 5, 15], context = 5, starts = 4, draws = 4, bins = 10 }: ExamOptions = {},
  ) {
    this.options = { horizons, context, starts, draws, bins };
    for (const [name, value] of Object.entries({ context, starts, draws, bins })) checkCount(name, value);
    for (const [i, horizon] of horizons.entries()) {
      checkCount(`horizons/${i}`, horizon);
      if (i > 0 && horizon <= horizons[i - 1]!) throw wrong(`horizons/${i}`, 'ascending horizons', horizon);
    }
    this.programs = new ExamPrograms(model, executor, draws);
  }

  /**
   * stream: for what the model draws. Errors: `invalid_input` for episodes that do not fit the model, `not_finite` where it
   * predicts what is no finite number.
   */
  measure({ parameters, episodes, stream }: Candidate): ModelQuality {
    checkEpisodes(this.model, episodes);
    const { lengths, sequence } = episodes;
    const { horizons, context, starts, bins } = this.options;
    const farthest = horizons.at(-1) ?? 0;
    const begins = Array.from(lengths, (length) => startRows(length, { context, starts, farthest }));
    const columns = lengths.length;
    const bound = this.programs.bind(parameters, columns, columns * starts, stream);

    const calibration = new Calibration(bins);
    const cases: Case[] = [];
    const longest = Math.max(...Array.from(lengths));
    for (let row = 0; row + 1 < longest; row++) {
      bound.look(sequence, row);
      const ending = bound.ending(sequence, row + 1);
      for (let column = 0; column < columns; column++) {
        if (row + 1 >= lengths[column]!) continue;
        calibration.add(ending[column]!, sequence.terminal.data[(row + 1) * columns + column]!);
        if (!begins[column]!.includes(row)) continue;
        bound.keep(column, cases.length);
        cases.push({ column, row });
      }
    }
    return { openLoop: this.openLoop(bound, cases, episodes), terminal: calibration.result() };
  }

  dispose(): void {
    this.programs.dispose();
  }

  private openLoop(
    bound: ReturnType<ExamPrograms['bind']>,
    cases: readonly Case[],
    { sequence, lengths }: RecordedEpisodes,
  ): ModelQuality['openLoop'] {
    const { horizons } = this.options;
    const { observation } = sequence;
    const columns = lengths.length;
    const size = this.model.observationSize;
    const errors: Record<string, { model: number; copy: number; cases: number }> = {};
    for (let ahead = 1; ahead <= (horizons.at(-1) ?? 0); ahead++) {
      bound.imagine(sequence, cases, ahead);
      if (!horizons.includes(ahead)) continue;
      const predicted = bound.decode();
      const sum = { model: 0, copy: 0, cases: 0 };
      for (const [i, { column, row }] of cases.entries()) {
        if (row + ahead >= lengths[column]!) continue;
        const then = ((row + ahead) * columns + column) * size;
        sum.model += squaredError(observation.data, then, predicted, i * size, size);
        sum.copy += squaredError(observation.data, then, observation.data, (row * columns + column) * size, size);
        sum.cases++;
      }
      if (sum.cases === 0) break;
      const { cases: count } = sum;
      if (!Number.isFinite(sum.model))
        throw new LightbulbError('not_finite', 'a world model imagines what is no finite number', {
          where: `${ahead} steps ahead`,
        });
      errors[String(ahead)] = { model: sum.model / count, copy: sum.copy / count, cases: count };
    }
    return errors;
  }
}

/** What is measured on what. */
export interface Candidate {
  readonly parameters: Tree<Value>;
  readonly episodes: RecordedEpisodes;
  readonly stream: Stream;
}

/** A place to imagine on from. */
export interface Case {
  readonly column: number;
  readonly row: number;
}

/** `ModelExam`, once. */
export function modelQuality({
  model,
  executor,
  parameters,
  episodes,
  stream,
  ...options
}: Candidate & ExamOptions & { readonly model: WorldModel; readonly executor: Executor }): ModelQuality {
  const exam = new ModelExam(model, executor, options);
  try {
    return exam.measure({ parameters, episodes, stream });
  } finally {
    exam.dispose();
  }
}

/** Rows to imagine on from, spread evenly from the end of the context to the last one with a whole horizon behind it. */
function startRows(
  length: number,
  { context, starts, farthest }: { readonly context: number; readonly starts: number; readonly farthest: number },
): number[] {
  const first = Math.min(context - 1, length - 2);
  const last = Math.max(first, length - 1 - farthest);
  const count = Math.min(starts, last - first + 1);
  const gap = count === 1 ? 0 : (last - first) / (count - 1);
  return Array.from({ length: count }, (_, i) => Math.round(first + i * gap));
}

/** Mean over `size` numbers from these places on. */
function squaredError(a: ArrayLike<number>, from: number, b: ArrayLike<number>, start: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += (a[from + i]! - b[start + i]!) ** 2;
  return sum / size;
}

function checkEpisodes({ observationSize, actionSize }: WorldModel, { sequence, lengths }: RecordedEpisodes): void {
  const [rows, columns] = sequence.observation.shape as [number, number];
  const axes = { observation: [observationSize], action: [actionSize], reward: [], first: [], terminal: [] };
  for (const [name, last] of Object.entries(axes)) {
    const { shape } = sequence[name as keyof ModelSequence];
    const wanted = [rows, columns, ...last].join();
    if (shape.join() !== wanted) throw wrong(`sequence/${name}`, `[${wanted}]`, `[${shape.join()}]`);
  }
  if (lengths.length !== columns) throw wrong('lengths', `${columns} of them`, lengths.length);
  for (let i = 0; i < columns; i++)
    if (!(lengths[i]! >= 2 && lengths[i]! <= rows)) throw wrong(`lengths/${i}`, `2 to ${rows} rows`, lengths[i]!);
}

function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw wrong(name, 'a whole number from 1', value);
}

function wrong(where: string, wanted: string, got: string | number): LightbulbError {
  return new LightbulbError('invalid_input', 'a model cannot be measured so', { where, wanted, got: String(got) });
}
