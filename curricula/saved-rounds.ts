import { type Json, LightbulbError, type Stream, type StreamState } from '../core/index.ts';

/** Everything that decides the next round of a curriculum. */
export interface SavedRounds<State> {
  readonly name: string;
  readonly state: State;
  readonly stream: StreamState;
}

export function saveRounds<State>(name: string, state: State, stream: Stream): Json {
  const saved: SavedRounds<State> = { name, state, stream: stream.state() };
  return saved as unknown as Json;
}

/** What `saveRounds` gave. Error `mismatch` where it is another curriculum's. */
export function savedRounds<State>(name: string, json: Json): SavedRounds<State> {
  const saved = json as unknown as SavedRounds<State> | null;
  if (saved?.name === name) return saved;
  throw new LightbulbError('mismatch', 'this state belongs to another curriculum', {
    wanted: name,
    got: String(saved?.name),
  });
}
