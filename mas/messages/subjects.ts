import { createHash } from 'node:crypto';
import { LightbulbError } from '../../core/index.ts';

/** Where the messages of one run are. Names of runs and roles are written as tokens, see `token`. */
export interface Subjects {
  /** `observe` to whoever plays the role, in the group of that name; answered by `act`. */
  observe(role: string): string;
  readonly feedback: string;
  readonly hello: string;
  readonly progress: string;
  /** What was set aside. */
  readonly dead: string;
  /** The names of the run's work queue, store of latest values, and blobs: they are one name. */
  readonly store: string;
  /** The key of the latest policy in the store. */
  readonly policy: string;
}

const MOST_TOKEN_LETTERS = 180;

export function subjectsOf(run: string): Subjects {
  const root = `lightbulb.${token(run)}`;
  return {
    observe: (role) => `${root}.observe.${token(role)}`,
    feedback: `${root}.feedback`,
    hello: `${root}.hello`,
    progress: `${root}.progress`,
    dead: `${root}.dead`,
    store: storeOf(run),
    policy: 'policy',
  };
}

/** A name as one token of a subject: what subjects do not allow is written as `=` and its code. */
export function token(name: string): string {
  const written = name.replace(/[^A-Za-z0-9_-]/gu, (letter) => `=${letter.codePointAt(0)!.toString(16)}=`);
  if (written !== '' && written.length <= MOST_TOKEN_LETTERS) return written;
  throw new LightbulbError('invalid_input', 'no name for a run or a role', {
    wanted: '1 to 180 letters, digits, - and _; others count as up to 8',
    got: JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name),
  });
}

/** Stores have no `=` in their names: readable letters, and a hash to tell apart what they would make the same. */
function storeOf(run: string): string {
  const hash = createHash('sha256').update(run).digest('hex').slice(0, 12);
  return `lightbulb-${run.replace(/[^A-Za-z0-9_-]/gu, '_').slice(0, 80)}-${hash}`;
}

/** Subjects of dead letters, of any run and of batches: what is heard there is never set aside again. */
export function isDead(subject: string): boolean {
  return /^lightbulb\.([^.]+\.)?dead$/.test(subject);
}
