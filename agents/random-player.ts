import { LightbulbError, type Stream } from '../core/index.ts';
import { actionChoices, encodeAction, type Group, sample } from '../worlds/index.ts';
import type { Collector, Player } from './collector.ts';
import type { GroupRollout } from './rollout.ts';

/**
 * Acts uniformly: over the legal choices of each component, and within the bounds of boxes (as spaces are sampled:
 * an exponential away from a lone bound, standard normal without bounds).
 * Error `contract` where an agent that lives has nothing legal to do.
 */
export function randomPlayer({ environment, groups, B }: Collector, random: () => Stream): Player {
  const players = environment.groups.map((group, g) => {
    const choices = actionChoices(group.action);
    return choices === null ? boxPlayer(group, groups[g]!, B) : choicePlayer(group, choices, groups[g]!, B);
  });
  return {
    act(t) {
      for (const play of players) play(t, random());
    },
  };
}

type GroupPlayer = (t: number, random: Stream) => void;

function choicePlayer(group: Group, choices: readonly number[], rollout: GroupRollout, B: number): GroupPlayer {
  const { action, actionMask, alive, sizes } = rollout;
  const { N, A, M } = sizes;
  return (t, random) => {
    const first = t * B * N;
    for (let seat = first; seat < first + B * N; seat++) {
      let from = seat * M;
      for (let a = 0; a < A; a++) {
        const n = choices[a]!;
        if (alive[seat] === 0) action[seat * A + a] = 0;
        else if (M === 0) action[seat * A + a] = random.integer(n);
        else {
          const choice = drawLegal(actionMask, from, n, random);
          if (choice < 0) throw nothingLegal(group, seat - first);
          action[seat * A + a] = choice;
        }
        from += n;
      }
    }
  };
}

/** One of the entries that are 1 in `mask[from]` to `mask[from + n - 1]`, counted from 0; -1 where none is. */
function drawLegal(mask: Uint8Array, from: number, n: number, random: Stream): number {
  let legal = 0;
  for (let i = 0; i < n; i++) legal += mask[from + i]!;
  if (legal === 0) return -1;
  let left = random.integer(legal);
  for (let i = 0; ; i++) if (mask[from + i] === 1 && left-- === 0) return i;
}

function boxPlayer({ action: space }: Group, { action, alive, sizes }: GroupRollout, B: number): GroupPlayer {
  const { N, A } = sizes;
  return (t, random) => {
    for (let seat = t * B * N; seat < (t + 1) * B * N; seat++) {
      if (alive[seat] === 0) action.fill(0, seat * A, (seat + 1) * A);
      else encodeAction(space, sample(space, random), action, seat * A);
    }
  };
}

function nothingLegal({ agents }: Group, seat: number): LightbulbError {
  return new LightbulbError('contract', 'an agent that lives has no legal action', {
    where: `copy ${Math.floor(seat / agents.length)}, agent "${agents[seat % agents.length]}"`,
    wanted: 'at least one 1 in its mask',
    cure: 'Terminate agents that cannot act, or give them a choice that does nothing',
  });
}
