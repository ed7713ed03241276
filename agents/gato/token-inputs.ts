/**
 * Rows of tokens as a model takes them. B rows, L tokens of each, K patches in all of them. Where there are no pictures
 * the last three are missing.
 */
export type TokenInputs<X> = {
  /** int32 [B, L] */
  readonly ids: X;
  /** int32 [B, L]: index within the time step; -1 for tokens of actions and padding. */
  readonly local: X;
  /** int32 [B, L]: place in the token's own sequence. */
  readonly order: X;
  /** int32 [B, L]: number of the sequence within the row; a token sees those of its own number. Not when acting. */
  readonly segment?: X;
  /** int32 [B, L]: which patch stands here; -1 for other tokens. */
  readonly patch?: X;
  /** float32 [K, size, size, channels] */
  readonly pixels?: X;
  /** int32 [K, 2]: row and column of each patch in its picture, as entries of the tables (`placePatches`). */
  readonly grid?: X;
};

/** What a row's tokens are to be predicted from: places that count, in any order. M targets, padded with weight 0. */
export type TargetInputs<X> = {
  /** int32 [M]: the place b L + l *before* the target, whose logits it is read from. */
  readonly at: X;
  /** int32 [M]: the id that comes next. */
  readonly target: X;
  /** float32 [M] */
  readonly weight: X;
};
