import { type Json, restoreStream, type StreamState, stream } from '../../core/index.ts';
import { type Executor, float32, type Tree, type Value } from '../../nn/index.ts';
import { type BatchedEnvironment, flatSize } from '../../worlds/index.ts';
import { actionEncoder, ModelExam, modelScale, VaeRnn } from '../../worlds/models/index.ts';
import { breathe } from '../breathe.ts';
import { Collector, type CollectorState } from '../collector.ts';
import { takeFrom } from '../learner-state.ts';
import { randomPlayer } from '../random-player.ts';
import { returnsOf } from '../return-metrics.ts';
import type { Checkpoint, Evaluation, Iteration, Training } from '../training.ts';
import { Codes } from './codes.ts';
import { LinearController } from './controller.ts';
import { doubles, takeDoubles } from './doubles.ts';
import { examEpisodes } from './exam-episodes.ts';
import { History } from './history.ts';
import { MEMORY_METRICS, ModelLearner, VISION_METRICS } from './model-learner.ts';
import type { ControllerOptions, WorldModelsOptions } from './options.ts';
import { type Contestant, playAll } from './play-all.ts';
import { recording } from './recording.ts';
import { ControllerSearch } from './search.ts';
import { watchingPlayer } from './watching-player.ts';
import { ControllerWorlds } from './worlds.ts';

export interface WorldModelsSpec {
  readonly seed: number;
  readonly copies: number;
  readonly make: (copies: number) => BatchedEnvironment;
  /** What evaluations play in, where it is another one. */
  readonly makeForEvaluation?: ((copies: number) => BatchedEnvironment) | undefined;
  readonly options: WorldModelsOptions;
  readonly executor: Executor;
}

/** Updates of one iteration. */
const VISION_CHUNK = 50;
const MEMORY_CHUNK = 25;
const UPDATES_OF_A_BREATH = 5;
/** What streams of evaluations and generations are seeded with. */
const SEEDS = 2 ** 31;

/** How much of each kind of work is done. */
interface Done {
  collected: number;
  vision: number;
  memory: number;
  /** Of each controller, in the order of the options. */
  readonly generations: number[];
  /** Steps in the real environment and in dreams, whatever for; evaluations not counted. */
  environmentSteps: number;
  dreamSteps: number;
}

interface Saved {
  readonly done: Done;
  readonly stream: StreamState;
  readonly filled: readonly number[];
  readonly search: Json | null;
  readonly running: { readonly environment: Json; readonly collector: CollectorState } | null;
}

/**
 * World Models (Ha and Schmidhuber 2018) as a training: random play, V, M, then each controller in turn. A step is a unit of
 * work: an environment step of the random play, an update of V or of M, a generation of a controller (`workOf` adds them
 * up; once all is done, `advance` has nothing to do). All controllers share one V and M, so one run tells how those trained
 * in dreams of different heat and in reality compare; `Evaluation.scores` has each one's `name/real` and `name/dream`.
 */
export function createWorldModels(spec: WorldModelsSpec): Training {
  const environment = spec.make(spec.copies);
  try {
    return train(spec, environment);
  } catch (error) {
    environment.close?.();
    throw error;
  }
}

function train(spec: WorldModelsSpec, environment: BatchedEnvironment): Training {
  const { seed, options, executor, make, makeForEvaluation = make, copies } = spec;
  const { collect, vision, memory } = options;
  const group = environment.groups[0]!;
  const D = flatSize(group.observation);
  const model = new VaeRnn(group.observation, group.action, options.model);
  const learner = new ModelLearner(model, options, stream(seed, 'learner/initial'), executor);
  const scale = modelScale(group.observation);
  const history = new History({
    copies,
    steps: collect.steps / copies,
    observation: D,
    isBytes: group.observation.type === 'box' && group.observation.dtype === 'uint8',
    action: model.actionSize,
  });
  const codes = new Codes(history, model.latentSize);
  const horizon = options.horizon ?? environment.maximumSteps ?? 1;
  const worlds = new ControllerWorlds(model, learner, executor, group, horizon, seed);
  const names = Object.keys(options.controllers);
  const controllers = names.map((name) => options.controllers[name]!);
  const linear = controllers.map(
    ({ sees }) => new LinearController(group.action, sees === 'both' ? model.featureSize : model.latentSize),
  );
  const weights = linear.map(({ parameterCount }) => new Float64Array(parameterCount));
  const collector = new Collector(environment, collect.rollout);

  let random = stream(seed, 'learner/work');
  const player = recording(
    collector,
    history,
    actionEncoder(group.action),
    randomPlayer(collector, () => random),
  );
  /** [K, D] in the model's units: what dreams begin with. */
  const firsts = float32([options.starts, D]);
  const done: Done = {
    collected: 0,
    vision: 0,
    memory: 0,
    generations: controllers.map(() => 0),
    environmentSteps: 0,
    dreamSteps: 0,
  };
  let search: ControllerSearch | null = null;
  let exam: ModelExam | null = null;

  const stepNow = (): number =>
    done.collected + done.vision + done.memory + done.generations.reduce((sum, each) => sum + each, 0);

  const play = async (): Promise<Omit<Iteration, 'step'>> => {
    const isFresh = done.collected === 0;
    if (isFresh) collector.reset(seed);
    const episodes = await collector.collect(player, isFresh);
    done.collected += collect.rollout * copies;
    done.environmentSteps += collect.rollout * copies;
    if (done.collected >= collect.steps) keepFirsts();
    return { metrics: returnsOf(episodes), episodes: episodes.length };
  };

  const keepFirsts = (): void => {
    const rows = history.firstRows();
    for (let k = 0; k < options.starts; k++) {
      const row = rows[random.integer(rows.length)]!;
      for (let d = 0; d < D; d++) firsts.data[k * D + d] = history.observation[row * D + d]! * scale;
    }
  };

  /** Some updates of V or M; the means of what they report. */
  const updates = async (
    count: number,
    metrics: readonly string[],
    update: (i: number) => ArrayLike<number>,
  ): Promise<Omit<Iteration, 'step'>> => {
    const sums = new Float64Array(metrics.length);
    for (let i = 0; i < count; i++) {
      const values = update(i);
      for (let m = 0; m < sums.length; m++) sums[m]! += values[m]!;
      if (i % UPDATES_OF_A_BREATH === 0) await breathe();
    }
    return { metrics: Object.fromEntries(metrics.map((name, m) => [name, sums[m]! / count])), episodes: 0 };
  };

  const learnVision = async (): Promise<Omit<Iteration, 'step'>> => {
    const { observation, noise } = learner.visionBatch;
    const count = Math.min(VISION_CHUNK, vision.updates - done.vision);
    const rows = history.rows;
    const result = await updates(count, VISION_METRICS, () => {
      for (let i = 0; i < vision.batch; i++) {
        const row = history.rowAt(random.integer(rows));
        for (let d = 0; d < D; d++) observation.data[i * D + d] = history.observation[row * D + d]! * scale;
      }
      random.fillNormal(noise.data as Float32Array);
      return learner.updateVision(vision.learningRate);
    });
    done.vision += count;
    if (done.vision >= vision.updates) {
      codes.fill(model, learner.parameters() as Tree<Value>, scale, executor);
      history.dropObservations();
    }
    return result;
  };

  const learnMemory = async (): Promise<Omit<Iteration, 'step'>> => {
    const count = Math.min(MEMORY_CHUNK, memory.updates - done.memory);
    const result = await updates(count, MEMORY_METRICS, (i) => {
      codes.draw(learner.memoryBatch, random);
      const share = (done.memory + i) / memory.updates;
      return learner.updateMemory(memory.learningRate + share * (memory.lastLearningRate - memory.learningRate));
    });
    done.memory += count;
    return result;
  };

  const worldOf = (options: ControllerOptions, size: number, from = make): BatchedEnvironment =>
    options.trainedIn === 'dream' ? worlds.dream(firsts, size, options) : worlds.reality(from(size), options);

  const searchOf = (c: number): ControllerSearch => {
    const each = controllers[c]!;
    const world = worldOf(each, each.population * each.rollouts);
    return new ControllerSearch(world, linear[c]!, each, stream(seed, `learner/controller/${names[c]}`));
  };

  const evolve = async (c: number): Promise<Omit<Iteration, 'step'>> => {
    const each = controllers[c]!;
    search ??= searchOf(c);
    const { mean, best, sigma, steps } = await search.advance(random.integer(SEEDS));
    if (each.trainedIn === 'dream') done.dreamSteps += steps;
    else done.environmentSteps += steps;
    weights[c]!.set(search.search.mean);
    done.generations[c]!++;
    if (done.generations[c]! >= each.generations) {
      search.close();
      search = null;
    }
    const metrics = { 'return/mean': mean, 'return/best': best, sigma };
    const prefixed = Object.entries(metrics).map(([name, value]) => [`controller/${names[c]}/${name}`, value]);
    return { metrics: Object.fromEntries(prefixed), episodes: each.population * each.rollouts };
  };

  /** Who plays first, whose score is the evaluation's; then all others that have begun. */
  const contestants = (): Contestant[] => {
    const main = names.indexOf(options.plays);
    const others = names.map((_, c) => c).filter((c) => c !== main && done.generations[c]! > 0);
    return [main, ...others].map((c) => {
      const each = controllers[c]!;
      const isDreamt = each.trainedIn === 'dream' && done.collected >= collect.steps;
      return {
        name: names[c]!,
        controller: linear[c]!,
        weights: weights[c]!,
        reality: (size) => worlds.reality(makeForEvaluation(size), each),
        dream: isDreamt ? (size) => worlds.dream(firsts, size, each) : null,
      };
    });
  };

  return {
    get step() {
      return stepNow();
    },
    parameterCount: learner.parameterCount + weights.reduce((sum, each) => sum + each.length, 0),

    async advance(): Promise<Iteration> {
      const next = done.generations.findIndex((count, c) => count < controllers[c]!.generations);
      let worked: Omit<Iteration, 'step'> = { metrics: {}, episodes: 0 };
      if (done.collected < collect.steps) worked = await play();
      else if (done.vision < vision.updates) worked = await learnVision();
      else if (done.memory < memory.updates) worked = await learnMemory();
      else if (next >= 0) worked = await evolve(next);
      const { environmentSteps, dreamSteps } = done;
      return { step: stepNow(), ...worked, metrics: { ...worked.metrics, environmentSteps, dreamSteps } };
    },

    async evaluate({ episodes, seed: evaluationSeed }): Promise<Evaluation> {
      const settings = { episodes, seed: evaluationSeed };
      const found = await playAll(contestants(), options.baselines, makeForEvaluation, settings);
      exam ??= new ModelExam(model, executor);
      const quality = exam.measure({
        parameters: learner.parameters() as Tree<Value>,
        episodes: await examEpisodes(makeForEvaluation, evaluationSeed),
        stream: stream(evaluationSeed, 'evaluation/model'),
      });
      return { ...found, model: quality };
    },

    player(other, { noise }) {
      const c = names.indexOf(options.plays);
      return watchingPlayer({
        collector: other,
        model,
        parameters: () => learner.parameters(controllers[c]!.memory) as Tree<Value>,
        controller: linear[c]!,
        weights: () => weights[c]!,
        noise,
        executor,
      });
    },

    save(): Checkpoint {
      const tensors: Record<string, Value> = learner.save();
      if (done.memory < memory.updates)
        for (const [name, value] of Object.entries(history.save())) tensors[`history/${name}`] = value;
      if (done.collected >= collect.steps)
        tensors.firsts = float32(firsts.shape, (firsts.data as Float32Array).slice());
      if (done.vision >= vision.updates && done.memory < memory.updates) {
        for (const name of ['mean', 'logVariance'] as const)
          tensors[`codes/${name}`] = float32(
            [history.rows, model.latentSize],
            history.packed(codes[name], model.latentSize) as Float32Array,
          );
      }
      for (const [c, each] of weights.entries()) tensors[`controllers/${names[c]}`] = doubles(each);
      const searching = search?.search.save() ?? null;
      if (searching !== null) tensors.search = doubles(searching.numbers);
      const isPlaying = done.collected > 0 && done.collected < collect.steps;
      const saved: Saved = {
        done: { ...done, generations: [...done.generations] },
        stream: random.state(),
        // Once M has learned, nothing of what was lived through is needed.
        filled: done.memory < memory.updates ? Array.from(history.filled) : [],
        search: searching?.plain ?? null,
        running: isPlaying ? { environment: environment.snapshot(), collector: collector.state() } : null,
      };
      return { tensors, state: saved as unknown as Json };
    },

    load({ tensors, state }: Checkpoint): void {
      const saved = state as unknown as Saved;
      const take = takeFrom(tensors, options.name);
      const { done: was } = saved;
      learner.load(take);
      for (const [c, each] of weights.entries()) takeDoubles(take(`controllers/${names[c]}`, [2 * each.length]), each);
      if (was.collected >= collect.steps) firsts.data.set(take('firsts', firsts.shape));
      if (was.memory < memory.updates) {
        history.load((name, shape) => take(`history/${name}`, shape), saved.filled, was.vision < vision.updates);
        if (was.vision >= vision.updates)
          for (const name of ['mean', 'logVariance'] as const) {
            history.unpack(codes[name], take(`codes/${name}`, [history.rows, model.latentSize]), model.latentSize);
          }
      }
      Object.assign(done, { ...was, generations: [...was.generations] });
      random = restoreStream(saved.stream);
      search?.close();
      search = null;
      if (saved.search !== null) {
        search = searchOf(done.generations.findIndex((count, c) => count < controllers[c]!.generations));
        const numbers = new Float64Array(search.search.save().numbers.length);
        takeDoubles(take('search', [2 * numbers.length]), numbers);
        search.search.load({ numbers, plain: saved.search });
      }
      if (saved.running === null) return;
      environment.restore(saved.running.environment);
      collector.restore(saved.running.collector);
    },

    async close() {
      search?.close();
      exam?.dispose();
      learner.dispose();
      environment.close?.();
    },
  };
}
