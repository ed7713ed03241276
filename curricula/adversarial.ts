import type { Checkpoint, FurtherLearners, LevelRound, LevelRounds } from '../agents/index.ts';
import { placedUnder, under } from '../agents/index.ts';
import { type Json, restoreStream, type Stream } from '../core/index.ts';
import type { LevelSpace } from '../worlds/index.ts';
import { Adversary } from './adversary.ts';
import type { AdversarialCurriculum } from './adversary-options.ts';
import { meanOf } from './boltzmann.ts';
import { newSeed } from './draw.ts';
import { drawLevels, emptyBuffer, isReplayable, type LevelBuffer, reported } from './level-buffer.ts';
import { bufferNumbers, levelMeans, prefixed } from './level-means.ts';
import { flexibleRegret, hardship, populationRegret, type Returns } from './regrets.ts';
import { Rivals } from './rivals.ts';
import { savedRounds, saveRounds } from './saved-rounds.ts';
import { bestEver, requireOptimum, scoresOf } from './score-levels.ts';
import { episodeReturns, maxMonteCarlo, pairedRegret, settledReturns } from './scores.ts';
import type { OwnScores, ScoringRounds } from './track-scores.ts';

/** Where the levels of a round came from. */
type Kind = 'built' | 'replayed';

/** Everything that decides the next round but for what is learned. */
type AdversarialState = {
  readonly kind: Kind;
  readonly levels: readonly Json[];
  /** What the round's environments draw from. */
  readonly seed: number;
  readonly buffer: LevelBuffer;
  /** Rounds of each kind so far. */
  readonly rounds: Readonly<Record<Kind, number>>;
  readonly furtherSteps: number;
};

/**
 * Curricula whose levels an adversary builds, who learns what they are worth to it once agents have played them: PAIRED and
 * its population (regret of the agent against antagonists), minimax (the agent's return, turned). REPAIRED replays levels by
 * chance, and agents learn in those rounds alone; the adversary learns in the rounds that it built. Error `unsupported`
 * where levels cannot be built, or have no optimum that the options need.
 */
export function adversarialLevels(
  options: AdversarialCurriculum,
  space: LevelSpace,
  stream: Stream,
  learners: FurtherLearners,
): LevelRounds & ScoringRounds {
  const replay = options.name === 'repaired' ? options : null;
  if (replay !== null) requireOptimum(replay.score, space);
  const adversary = new Adversary(space, options.adversary, learners);
  const rivals = new Rivals(rivalsOf(options), learners);
  let random = stream;
  let state: AdversarialState = {
    kind: 'built',
    levels: [],
    seed: 0,
    buffer: emptyBuffer,
    rounds: { built: 0, replayed: 0 },
    furtherSteps: 0,
  };
  let last: Readonly<Record<string, number>> = {};
  let own: OwnScores = {};

  return {
    ownScores: () => own,

    get furtherSteps() {
      return state.furtherSteps;
    },

    async next(copies): Promise<LevelRound> {
      // Drawn whether or not there is enough to replay, so that the stream goes the same way.
      const wants = replay !== null && random.uniform() < replay.replay;
      const kind = wants && isReplayable(state.buffer, replay) ? 'replayed' : 'built';
      const levels =
        kind === 'built'
          ? await adversary.build(newSeed(random))
          : Array.from(drawLevels(state.buffer, copies, replay!, random), (at) => state.buffer.entries[at]!.level);
      const seed = newSeed(random);
      state = { ...state, kind, levels, seed, rounds: { ...state.rounds, [kind]: state.rounds[kind] + 1 } };
      return { levels, seed, learns: replay === null || kind === 'replayed' };
    },

    async report(outcome) {
      const { levels, seed, kind, buffer } = state;
      const agent = settledReturns(outcome);
      const others = await rivals.play({ levels, seed });
      state = { ...state, furtherSteps: state.furtherSteps + rivals.stepsPerRound };
      const worth = worthOf(options, agent, others);
      const isRegret = options.name !== 'minimax';
      own = isRegret ? { pairedRegret: worth } : {};
      const numbers: Record<string, number> = {
        ...levelMeans(levels, space),
        'adversary/reward': meanOf(worth),
        ...(isRegret ? { regret: meanOf(worth) } : {}),
        ...(others.length === 0 ? {} : { 'antagonist/return': meanOf(others.map(({ mean }) => meanOf(mean))) }),
      };
      if (kind === 'built') Object.assign(numbers, prefixed('adversary/', await adversary.learn(worth)));
      if (replay === null || kind === 'replayed') Object.assign(numbers, await rivals.learn());
      if (replay !== null) {
        const { best, mean, solved } = episodeReturns(outcome);
        const known = bestEver(buffer, levels, best);
        const scores =
          replay.score === 'pairedRegret'
            ? worth
            : scoresOf(replay.score, outcome, { best: known, mean, solved }, levels, space);
        const reports = levels.map((level, k) => ({
          level,
          score: scores[k]!,
          best: Number.isNaN(best[k]!) ? undefined : best[k]!,
        }));
        state = { ...state, buffer: reported(buffer, reports, replay) };
        own = { ...own, maxMonteCarlo: maxMonteCarlo(outcome, known) };
        Object.assign(numbers, { 'score/mean': meanOf(scores), [`score/${kind}`]: meanOf(scores) });
      }
      last = numbers;
    },

    metrics() {
      const { rounds, furtherSteps } = state;
      return prefixed('curriculum/', {
        ...last,
        ...(replay === null ? {} : { ...bufferNumbers(state.buffer, space, replay), replayed: shareReplayed(rounds) }),
        'steps/antagonist': furtherSteps,
        'steps/adversary': rounds.built * adversary.actionsPerRound,
      });
    },

    save(): Checkpoint {
      const saved = { adversary: adversary.save(), rivals: rivals.save() };
      const plain = { ...state, learners: { adversary: saved.adversary.state, rivals: saved.rivals.state } };
      return saveRounds(options.name, plain, random, {
        ...placedUnder('adversary', saved.adversary.tensors),
        ...placedUnder('rivals', saved.rivals.tensors),
      });
    },

    load(checkpoint) {
      const saved = savedRounds<AdversarialState & { learners: Readonly<Record<'adversary' | 'rivals', Json>> }>(
        options.name,
        checkpoint,
      );
      const { learners: trained, ...plain } = saved.state;
      state = plain;
      random = restoreStream(saved.stream);
      const { tensors } = checkpoint;
      adversary.load({ tensors: under('adversary', tensors), state: trained.adversary });
      rivals.load({ tensors: under('rivals', tensors), state: trained.rivals });
    },

    close() {
      adversary.close();
      rivals.close();
    },
  };
}

/** Names of the further agents that a curriculum needs. */
function rivalsOf(options: AdversarialCurriculum): readonly string[] {
  if (options.name === 'minimax') return [];
  if (options.name !== 'population-paired') return ['antagonist'];
  return Array.from({ length: options.population - 1 }, (_, i) => `antagonist-${i + 1}`);
}

/** What each level is worth to the adversary: [copies]. */
function worthOf(options: AdversarialCurriculum, agent: Returns, others: readonly Returns[]): Float64Array {
  switch (options.name) {
    case 'minimax':
      return hardship(agent, options.returns);
    case 'population-paired':
      return populationRegret([agent, ...others], options);
    case 'paired':
    case 'repaired':
      return options.roles === 'flexible'
        ? flexibleRegret(agent, others[0]!, options)
        : pairedRegret(others[0]!, agent, options);
  }
}

function shareReplayed({ built, replayed }: AdversarialState['rounds']): number {
  return replayed / Math.max(1, built + replayed);
}
