import type { Stream } from '../../core/index.ts';
import type { Executor, Value } from '../../nn/index.ts';
import type { WorldModel } from '../../worlds/models/index.ts';
import type { Take } from '../learner-state.ts';
import type { LevelOutcome } from '../level-feed.ts';
import type { ActingParameters } from './acting.ts';
import type { DreamerActions } from './actions.ts';
import { Behaviour, type BehaviourParts } from './behaviour.ts';
import { Estimate } from './estimate.ts';
import { disagreementReward } from './intrinsic.ts';
import { IntrinsicLearner } from './intrinsic-learner.ts';
import { LevelErrors } from './level-errors.ts';
import { ModelLearner } from './model-learner.ts';
import type { DreamerOptions } from './options.ts';
import { type SequenceBatch, type SequenceReplay, sequenceBatch } from './replay.ts';

export interface LearnerParts {
  readonly model: WorldModel;
  readonly actions: DreamerActions;
  readonly options: DreamerOptions;
  readonly executor: Executor;
  readonly replay: SequenceReplay;
}

/** Everything that learns: the model, the task's behaviour, and where wanted an ensemble and a behaviour that explores by it. */
export class Learners {
  readonly model: ModelLearner;
  private readonly batch: SequenceBatch;
  private readonly task: Behaviour;
  private readonly ensemble: IntrinsicLearner | undefined;
  private readonly explorer: Behaviour | undefined;
  private readonly estimate: Estimate | undefined;
  private readonly errors: LevelErrors;
  private readonly known = new Map<string, ActingParameters>();

  constructor(
    private readonly parts: LearnerParts,
    named: (name: string) => Stream,
  ) {
    const { model, options, executor, replay } = parts;
    this.batch = sequenceBatch(replay.shape, options.length, options.batch, model.stateSize);
    this.model = new ModelLearner(model, this.batch, options, executor, named('model'));
    const { states } = this.model;
    const behaviour: BehaviourParts = { ...parts, batch: this.batch, states };
    this.task = new Behaviour('task', behaviour, named('task'));
    this.errors = new LevelErrors(replay);
    if (options.ensemble === null) return;
    const intrinsic = disagreementReward(model, options.ensemble);
    this.ensemble = new IntrinsicLearner(
      intrinsic,
      this.batch,
      states,
      model,
      options,
      options.ensemble,
      executor,
      named('ensemble'),
    );
    if (options.explore === 'plan2explore')
      this.explorer = new Behaviour('explorer', { ...behaviour, intrinsic }, named('explorer'));
    else this.estimate = new Estimate({ ...behaviour, intrinsic });
  }

  get parameterCount(): number {
    return this.learning().reduce((sum, [, { state }]) => sum + state.layout.size, 0);
  }

  /** What training acts by. */
  acting(): ActingParameters {
    return this.parametersOf(this.explorer ?? this.task);
  }

  /** What evaluations act by: the task's actor. */
  playing(): ActingParameters {
    return this.parametersOf(this.task);
  }

  /** One gradient step of everything on one batch. Adds what is measured to `sums`. */
  step(drawing: Stream, noise: Stream, sums: Map<string, number>): void {
    const { batch, parts, model, task, ensemble, explorer, estimate, errors } = this;
    const { replay, options } = parts;
    replay.sample(drawing, batch, options.storedStates);
    model.step(noise, sums);
    if (options.storedStates) replay.writeBack(batch.places, model.states.data as Float32Array);
    ensemble?.step(sums);
    const world = model.views();
    const key = `${model.state.turn}`;
    if (options.zeroShot === null) task.step(world, key, noise, sums);
    if (ensemble === undefined) return;
    const given = { ...world, ...ensemble.views() };
    const both = `${key} ${ensemble.state.turn}`;
    if (explorer !== undefined) {
      explorer.step(given, both, noise, sums);
      errors.add(explorer.meanReward.data, explorer.starts.rows, batch.places);
    }
    if (estimate !== undefined) {
      const actor = options.explore === 'random' ? {} : task.actorViews();
      estimate.step({ ...given, ...actor }, `${both} ${task.state.turn}`, noise);
      errors.add(estimate.error.data, estimate.starts.rows, batch.places);
    }
  }

  /** Error estimates of levels since the last time. */
  levelErrors(): LevelOutcome[] {
    return this.errors.take();
  }

  save(): Record<string, Value> {
    const tensors: Record<string, Value> = {};
    for (const [name, { state }] of this.learning())
      for (const [path, value] of Object.entries(state.save())) tensors[`${name}/${path}`] = value;
    return tensors;
  }

  load(take: Take): void {
    for (const [name, { state }] of this.learning()) state.load((path, shape) => take(`${name}/${path}`, shape));
  }

  dispose(): void {
    for (const [, learner] of this.learning()) learner.dispose();
    this.estimate?.dispose();
  }

  private learning(): [string, ModelLearner | Behaviour | IntrinsicLearner][] {
    const { model, task, ensemble, explorer } = this;
    return [
      ['model', model],
      ['task', task],
      ...(ensemble === undefined ? [] : [['ensemble', ensemble] as [string, IntrinsicLearner]]),
      ...(explorer === undefined ? [] : [['explorer', explorer] as [string, Behaviour]]),
    ];
  }

  private parametersOf(behaviour: Behaviour): ActingParameters {
    const { model } = this;
    const key = `${behaviour.name} ${behaviour.state.turn} ${model.state.turn}`;
    let known = this.known.get(key);
    if (known === undefined) {
      known = { key, values: { ...model.views(), ...behaviour.actorViews() } };
      this.known.set(key, known);
    }
    return known;
  }
}
