import type { Stream } from '../../core/index.ts';
import { stream } from '../../core/index.ts';
import type { Tree, Value } from '../../nn/index.ts';
import { float32 } from '../../nn/index.ts';
import type { BatchedEnvironment } from '../../worlds/index.ts';
import type { ModelExam, RecordedEpisodes, WorldModel } from '../../worlds/models/index.ts';
import type { Collector, Player } from '../collector.ts';
import { evaluatePlayer } from '../evaluate.ts';
import type { Evaluation } from '../training.ts';
import type { Acting } from './acting.ts';

/** Episodes of an evaluation that the world model is measured on, at most, and rows of each. */
const [MOST_EPISODES, MOST_ROWS] = [16, 512];

export interface Examination {
  readonly make: (copies: number) => BatchedEnvironment;
  readonly episodes: number;
  readonly seed: number;
  readonly scale: number;
  readonly model: WorldModel;
  /** Compiled once for all evaluations of a training. */
  readonly exam: ModelExam;
  readonly parameters: Tree<Value>;
  acting(collector: Collector): Acting;
  act(acting: Acting, collector: Collector, t: number, noise: Stream): void;
}

/** Plays whole episodes, and measures the world model on the first of them. */
export async function examine(examination: Examination): Promise<Evaluation> {
  const { make, episodes, seed, model, exam, parameters } = examination;
  const noise = stream(seed, 'evaluation/noise');
  let recording: Recording | undefined;
  const evaluation = await evaluatePlayer(make, episodes, seed, (collector): Player => {
    const acting = examination.acting(collector);
    recording = new Recording(collector, acting, model, examination.scale);
    return {
      act(t) {
        examination.act(acting, collector, t, noise);
      },
      observed: (t) => recording?.observed(t),
    };
  });
  const recorded = recording?.episodes();
  if (recorded === undefined) return evaluation;
  const quality = exam.measure({ parameters, episodes: recorded, stream: stream(seed, 'evaluation/model') });
  return { ...evaluation, model: quality };
}

/** One row of an episode. */
interface Row {
  readonly observation: Float32Array;
  readonly action: Float32Array;
  readonly reward: number;
  readonly terminal: number;
}

/** The first episode of each of the first copies, row by row. */
class Recording {
  private readonly rows: Row[][];
  private readonly isOver: boolean[];

  constructor(
    private readonly collector: Collector,
    private readonly acting: Acting,
    private readonly model: WorldModel,
    private readonly scale: number,
  ) {
    const count = Math.min(MOST_EPISODES, collector.B);
    this.rows = Array.from({ length: count }, () => []);
    this.isOver = new Array<boolean>(count).fill(false);
  }

  observed(t: number): void {
    const { collector, acting, model } = this;
    const { B, keep, groups } = collector;
    const rollout = groups[0]!;
    for (const [b, rows] of this.rows.entries()) {
      if (this.isOver[b]) continue;
      if (rows.length === 0)
        rows.push(this.row(rollout.observation, t * B + b, new Float32Array(model.actionSize), 0, 0));
      const hasEnded = keep[(t + 1) * B + b] === 0;
      const action = (acting.action.data as Float32Array).slice(b * model.actionSize, (b + 1) * model.actionSize);
      const from = hasEnded ? rollout.finalObservation : rollout.observation;
      const at = hasEnded ? b : (t + 1) * B + b;
      rows.push(this.row(from, at, action, rollout.reward[t * B + b]!, rollout.terminated[t * B + b]!));
      this.isOver[b] = hasEnded || rows.length === MOST_ROWS;
    }
  }

  /** What was recorded, side by side; undefined where there is nothing. */
  episodes(): RecordedEpisodes | undefined {
    const kept = this.rows.filter((rows) => rows.length > 1);
    if (kept.length === 0) return undefined;
    const { observationSize: D, actionSize: A } = this.model;
    const lengths = kept.map((rows) => rows.length);
    const [L, B] = [Math.max(...lengths), kept.length];
    const sequence = {
      observation: float32([L, B, D]),
      action: float32([L, B, A]),
      reward: float32([L, B]),
      first: float32([L, B]),
      terminal: float32([L, B]),
    };
    for (const [b, rows] of kept.entries()) {
      sequence.first.data[b] = 1;
      for (const [t, { observation, action, reward, terminal }] of rows.entries()) {
        sequence.observation.data.set(observation as never, (t * B + b) * D);
        sequence.action.data.set(action as never, (t * B + b) * A);
        sequence.reward.data[t * B + b] = reward;
        sequence.terminal.data[t * B + b] = terminal;
      }
    }
    return { sequence, lengths };
  }

  private row(from: Float32Array, at: number, action: Float32Array, reward: number, terminal: number): Row {
    const D = this.model.observationSize;
    const observation = from.slice(at * D, (at + 1) * D).map((number) => number * this.scale);
    return { observation, action, reward, terminal };
  }
}
