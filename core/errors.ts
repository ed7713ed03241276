/** What a caller may branch on; never on the text. `internal` means a mistake of ours. */
export type ErrorCode =
  | 'invalid_input'
  | 'unknown_key'
  | 'missing_module'
  | 'contract'
  | 'shape'
  | 'unsupported'
  | 'unavailable'
  | 'not_finite'
  | 'trace'
  | 'corrupt'
  | 'mismatch'
  | 'exists'
  | 'disk'
  | 'conflict'
  | 'timeout'
  | 'no_responder'
  | 'too_large'
  | 'internal';

/** The parts of a good error: where it is, what was wanted, what was found, and the likely cure. */
export interface ErrorParts {
  readonly where?: string;
  readonly wanted?: string;
  readonly got?: string;
  readonly cure?: string;
  readonly cause?: unknown;
}

/**
 * The one error class of the project. The message is built from its parts:
 * `<where>: <problem>; wanted <wanted>, got <got>. <cure>`.
 * Errors about what a person wrote (`isInput`) end the command with exit code 2, all others with 1.
 */
export class LightbulbError extends Error {
  override readonly name = 'LightbulbError';
  readonly code: ErrorCode;
  readonly parts: ErrorParts;

  constructor(code: ErrorCode, problem: string, parts: ErrorParts = {}) {
    super(describe(code, problem, parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = code;
    this.parts = parts;
  }

  /** True where the cause is what the person wrote: a scenario, a module, a flag, a checkpoint of another network. */
  get isInput(): boolean {
    return INPUT_CODES.has(this.code);
  }
}

const INPUT_CODES: ReadonlySet<ErrorCode> = new Set([
  'invalid_input',
  'unknown_key',
  'missing_module',
  'unsupported',
  'unavailable',
  'mismatch',
  'exists',
]);

function describe(code: ErrorCode, problem: string, { where, wanted, got, cure }: ErrorParts): string {
  const facts = [wanted === undefined ? '' : `wanted ${wanted}`, got === undefined ? '' : `got ${got}`]
    .filter((fact) => fact !== '')
    .join(', ');
  const head = code === 'internal' ? 'internal: ' : '';
  return `${head}${where ? `${where}: ` : ''}${problem}${facts ? `; ${facts}` : ''}${cure ? `. ${cure}` : ''}`;
}

/** A broken promise inside lightbulb itself: please report it. */
export function internal(problem: string): LightbulbError {
  return new LightbulbError('internal', problem);
}

/** The known name closest to `name` (edit distance at most a third of its length), for "did you mean". */
export function closest(name: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(name.length / 3));
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0] !== undefined && ranked[0].distance <= limit ? ranked[0].candidate : undefined;
}

/** "Did you mean x?" or the list of what is known; the sentence an error's cure is made of. */
export function suggest(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  return near === undefined ? `Known: ${known.join(', ')}` : `Did you mean "${near}"?`;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
