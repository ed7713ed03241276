import type { Checkpoint } from '../agents/index.ts';
import { type Json, LightbulbError, type Stream, type StreamState } from '../core/index.ts';

/** Everything that decides the next round of a curriculum. */
export interface SavedRounds<State> {
  readonly name: string;
  readonly state: State;
  readonly stream: StreamState;
}

/** `tensors`: of learners of the curriculum's own. */
export function saveRounds<State>(
  name: string,
  state: State,
  stream: Stream,
  tensors: Checkpoint['tensors'] = {},
): Checkpoint {
  const saved: SavedRounds<State> = { name, state, stream: stream.state() };
  return { tensors, state: saved as unknown as Json };
}

/** What `saveRounds` gave. Error `mismatch` where it is another curriculum's. */
export function savedRounds<State>(name: string, { state }: Pick<Checkpoint, 'state'>): SavedRounds<State> {
  const saved = state as unknown as SavedRounds<State> | null;
  if (saved?.name === name) return saved;
  throw new LightbulbError('mismatch', 'this state belongs to another curriculum', {
    wanted: name,
    got: String(saved?.name),
  });
}
