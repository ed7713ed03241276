import type { Evaluation } from '../agents/index.ts';
import type { ErrorCode } from '../core/index.ts';

/** A task of a generalist, ready to be learned. */
export interface Prepared {
  readonly task: string;
  /** Mean returns of uniform random play and of the expert (of a dataset, its own); null for what nobody plays. */
  readonly random: number | null;
  readonly expert: number | null;
  /** Of the dataset: whole episodes, and environment steps. */
  readonly episodes: number;
  readonly steps: number;
  /** Of learning to be an expert, measuring and recording. */
  readonly seconds: number;
}

/** What a run reached; `summary.json`, and what `--json` prints. */
export interface Summary {
  readonly scenario: string;
  readonly seed: number;
  /** `interrupted` runs can be resumed. */
  readonly state: 'finished' | 'interrupted';
  /** Environment steps, all copies added up; with tasks, gradient updates. */
  readonly steps: number;
  /** Of training, without the last evaluation and without the preparation of tasks; over all sittings of a resumed run. */
  readonly seconds: number;
  readonly stepsPerSecond: number;
  /** The last one; null where none was made yet. */
  readonly evaluation: Evaluation | null;
  /** The tasks that are ready; only where there are tasks. */
  readonly prepared?: readonly Prepared[];
  readonly folder: string;
}

/** What happens in a run, apart from when. `step`: environment steps (with tasks, gradient updates) so far. */
export type Happening =
  /** Before `started`, where tasks are not ready yet. */
  | {
      readonly kind: 'preparing';
      readonly scenario: string;
      readonly seed: number;
      readonly folder: string;
      readonly step: number;
      readonly steps: number;
      /** Those that are to be prepared now, in this order. */
      readonly tasks: readonly string[];
      readonly resumed: boolean;
    }
  /** An iteration of an expert that learns. */
  | {
      readonly kind: 'expert';
      readonly step: number;
      readonly task: string;
      /** The expert's own environment steps so far, and in all. */
      readonly learned: number;
      readonly toLearn: number;
      readonly metrics: Readonly<Record<string, number>>;
      readonly stepsPerSecond: number;
    }
  | { readonly kind: 'prepared'; readonly step: number; readonly prepared: Prepared }
  | {
      readonly kind: 'started';
      readonly scenario: string;
      readonly seed: number;
      readonly folder: string;
      /** Above 0 where a checkpoint was resumed from. */
      readonly step: number;
      /** How many are to be made in all. */
      readonly steps: number;
      readonly parameters: number;
      /** Those that one generalist learns; only where there are tasks. */
      readonly tasks?: readonly string[];
      readonly resumed: boolean;
    }
  | {
      readonly kind: 'iteration';
      readonly step: number;
      readonly episodes: number;
      readonly metrics: Readonly<Record<string, number>>;
      readonly stepsPerSecond: number;
    }
  | { readonly kind: 'evaluation'; readonly step: number; readonly evaluation: Evaluation }
  | { readonly kind: 'checkpoint'; readonly step: number; readonly folder: string }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'interrupted'; readonly step: number; readonly summary: Summary }
  | { readonly kind: 'failed'; readonly step: number; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'finished'; readonly step: number; readonly summary: Summary };

/** A happening and its time of day (ISO 8601). Everything that reports on a run reads only these. */
export type Event = Happening & { readonly time: string };

/** Takes note of events as they come. Throws where it cannot, which stops the run. */
export type Recorder = (event: Event) => void;

/** The time of day and a stopwatch. Only events know them; nothing that learns does. */
export interface Clock {
  now(): Date;
  /** Seconds since some moment; never goes back. */
  seconds(): number;
}

export const systemClock: Clock = { now: () => new Date(), seconds: () => performance.now() / 1000 };
