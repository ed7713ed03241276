import type { Collector } from '../agents/index.ts';
import { LightbulbError, stream } from '../core/index.ts';
import { decodeAction } from '../worlds/index.ts';
import { build, type CreateTraining, evaluationEnvironmentOf } from './build.ts';
import { goOnFrom } from './go-on.ts';
import { onItsOwn, playsTasks } from './kinds.ts';
import { scenarioOf } from './run-folder.ts';
import type { EnvironmentScenario } from './schema.ts';
import { wholeCheckpointOf } from './whole-checkpoint.ts';

/** A moment of an episode that is shown. */
export interface Shown {
  /** From 0. */
  readonly episode: number;
  readonly step: number;
  /**
   * The environment's picture in text; of the last step, that of the first moment of the next episode. Where it draws
   * none: what each agent did in the step, and its reward.
   */
  readonly picture: string;
  /** Of the episode that ended in this step, summed over agents and steps; null where it goes on. */
  readonly return: number | null;
}

export interface ShowOptions {
  /** Default 1. */
  readonly episodes?: number;
  /** Which ones; default the scenario's. */
  readonly seed?: number;
  readonly createTraining?: CreateTraining;
}

/**
 * Plays episodes of evaluations, one after the other, with the newest checkpoint of a run, and shows every moment. Error
 * `unsupported` where the learner does not play elsewhere.
 */
export async function* showEpisodes(folder: string, options: ShowOptions = {}): AsyncGenerator<Shown> {
  const scenario = onItsOwn(scenarioOf(folder));
  if (playsTasks(scenario)) throw unsupported(folder, 'a scenario of many tasks plays in no one environment');
  const single = scenario as EnvironmentScenario;
  const { saved } = await wholeCheckpointOf(folder, 'show');
  const training = await build(single, options.createTraining);
  const environment = (await evaluationEnvironmentOf(single))(1);
  try {
    goOnFrom(saved, training, folder);
    const seed = options.seed ?? scenario.evaluation.seed;
    const { Collector } = await import('../agents/index.ts');
    const collector = new Collector(environment, 1);
    const noise = stream(seed, 'evaluation/noise');
    const player = training.player?.(collector, { deterministic: scenario.evaluation.deterministic, noise });
    if (player === undefined) throw unsupported(folder, 'this learner does not let its policy be shown');
    const picture = (isStart: boolean): string => environment.render?.(0) ?? (isStart ? '' : movesIn(collector));
    collector.reset(seed);
    let isFirst = true;
    for (let episode = 0; episode < (options.episodes ?? 1); episode++) {
      yield { episode, step: 0, picture: picture(true), return: null };
      for (let step = 1; ; step++) {
        const [ended] = await collector.collect(player, isFirst);
        isFirst = false;
        yield { episode, step, picture: picture(false), return: ended?.return ?? null };
        if (ended !== undefined) break;
      }
    }
  } finally {
    environment.close?.();
    await training.close();
  }
}

/** A line for each agent that acted in the last step. */
function movesIn({ environment, groups }: Collector): string {
  const lines = environment.groups.flatMap(({ agents, action }, g) => {
    const { sizes, actions, reward, alive } = groups[g]!;
    return agents.flatMap((agent, n) => {
      if (alive[n] === 0) return [];
      const done = decodeAction(action, actions[0]!, n * sizes.A);
      return [`${agent}: ${JSON.stringify(done)}, reward ${reward[n]}`];
    });
  });
  return lines.join('\n');
}

function unsupported(where: string, problem: string): LightbulbError {
  return new LightbulbError('unsupported', problem, { where });
}
