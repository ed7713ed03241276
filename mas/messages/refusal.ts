/** Why a message was set aside. The words are part of the protocol: they stand in the header `reason` of dead letters. */
export const REASONS = [
  /** More bytes than the receiver takes. */
  'oversized',
  /** Ends before its header does. */
  'truncated',
  /** A header of no bytes, or of more than 65,536. */
  'header',
  /** The header is no JSON object in UTF-8, or nested deeper than eight levels. */
  'json',
  /** The header names a key twice, or one that would reach into JavaScript's prototypes. */
  'keys',
  /** The header lacks `version`, `run`, `id`, `kind` or `fields`, has them of another type, or has others. */
  'envelope',
  'run',
  'kind',
  'version',
  /** The fields do not follow the schema of their kind. */
  'schema',
  /** The arrays have other names, dtypes or shapes than their kind has, or shapes that disagree. */
  'arrays',
  /** More or fewer bytes than the shapes say, or something between the arrays. */
  'length',
  /** The arrays lie in a blob that is of another size, missing, late or not what its hash says. */
  'blob',
  /** Too many messages whose arrays lie in blobs at the same time. */
  'busy',
  /** The receiver failed at it: a mistake of ours. */
  'internal',
] as const;

export type Reason = (typeof REASONS)[number];

/** What was wrong with the bytes of a message. Caught where messages are received, and nowhere beyond. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly reason: Reason,
    readonly detail: string,
  ) {
    super(`${reason}: ${detail}`);
  }
}

/** News of a message that was set aside. */
export interface Refusal {
  readonly reason: Reason;
  /** For people. */
  readonly detail: string;
  /** The kind that was wanted. */
  readonly kind: string;
  /** The subject it came by; for tasks, values and answers `queue <name>`, `latest <name>.<key>`, `answer to <subject>`. */
  readonly from: string;
  /** Bytes. */
  readonly size: number;
}
