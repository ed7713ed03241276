import { type Json, LightbulbError, restoreStream, type Stream, type StreamState, stream } from '../core/index.ts';
import { requireFirst, requireStep } from './answers.ts';
import type { Environment, First, Step } from './environment.ts';
import type { SpaceValue } from './space.ts';

type Actions = Readonly<Record<string, SpaceValue>>;

/**
 * One environment inside a batch: where its seeds come from, which level it plays, who is alive, and enough memory of
 * the episode to save it. Every answer is checked before anyone sees it.
 */
export class BatchCopy {
  /** Who acts next. */
  living: readonly string[] = [];
  private random: Stream | undefined;
  private seed = 0;
  private level: Json | undefined;
  private nextLevel: Json | undefined;
  private steps = 0;
  /** All actions of the episode, for environments that cannot save themselves. */
  private readonly history: Json[] = [];
  private readonly savesItself: boolean;

  constructor(
    readonly environment: Environment,
    private readonly index: number,
  ) {
    this.savesItself = environment.snapshot !== undefined && environment.restore !== undefined;
  }

  /** Opens this copy's own stream of the run. */
  open(seed: number): void {
    this.random = stream(seed, `environment/${this.index}`);
  }

  setLevel(level: Json | undefined): void {
    this.nextLevel = level;
  }

  /** Starts the next episode, with the next seed of the stream. */
  begin(): First {
    if (this.random === undefined) throw this.notStarted();
    this.seed = this.random.integer(2 ** 32);
    this.level = this.nextLevel;
    this.steps = 0;
    this.history.length = 0;
    const first = this.restart();
    this.living = requireFirst(this.where(), first, this.environment.spaces);
    return first;
  }

  /** The actions of exactly the living agents. Afterwards `living` is who goes on; nobody: the episode is over. */
  step(actions: Actions): Step {
    if (this.living.length === 0) throw this.notStarted();
    this.steps++;
    const { environment, living } = this;
    if (!this.savesItself) this.history.push(toJson(actions));
    const answer = this.run(() => environment.step(actions));
    requireStep(this.where(), answer, living, environment);
    this.living = living.filter((agent) => !answer.terminated[agent] && !answer.truncated[agent]);
    if (this.living.length > 0 && environment.maximumSteps !== undefined && this.steps >= environment.maximumSteps)
      throw new LightbulbError('contract', 'an episode goes on after its last step', {
        where: this.where(),
        wanted: `everyone terminated or truncated by step ${environment.maximumSteps} (maximumSteps)`,
        got: `${this.living.join(', ')} alive`,
      });
    return answer;
  }

  /** `copy 3, step 17`: the start of every error about this copy. */
  where(): string {
    return `copy ${this.index}, step ${this.steps}`;
  }

  snapshot(): Json {
    if (this.random === undefined) throw this.notStarted();
    const { environment } = this;
    return {
      stream: { ...this.random.state() },
      seed: this.seed,
      // Lists, because null is a level like any other JSON.
      level: this.level === undefined ? [] : [this.level],
      nextLevel: this.nextLevel === undefined ? [] : [this.nextLevel],
      steps: this.steps,
      living: [...this.living],
      ...(this.savesItself
        ? { environment: this.run(() => environment.snapshot!()) }
        : { actions: structuredClone(this.history) as Json }),
    };
  }

  /** Goes on where `snapshot` was taken. Throws `corrupt` for what is no snapshot, `mismatch` for a foreign one. */
  restore(snapshot: Json): void {
    const saved = this.readSnapshot(snapshot);
    this.random = restoreStream(saved.stream);
    this.seed = saved.seed;
    this.level = saved.level[0];
    this.nextLevel = saved.nextLevel[0];
    this.steps = saved.steps;
    this.living = [...saved.living];
    this.history.length = 0;
    if (this.savesItself) {
      this.run(() => this.environment.restore!(saved.environment!));
      return;
    }
    this.restart();
    let living: string[] | undefined;
    for (const actions of saved.actions!) {
      this.history.push(actions);
      const answer = this.run(() => this.environment.step(fromJson(actions)));
      living = Object.keys(answer.terminated).filter((agent) => !answer.terminated[agent] && !answer.truncated[agent]);
    }
    if (living !== undefined && living.join() !== saved.living.join())
      throw new LightbulbError('mismatch', 'playing a saved episode again leads elsewhere', {
        where: this.where(),
        wanted: `${saved.living.join(', ')} alive`,
        got: living.join(', '),
        cure: 'The environment is not deterministic, or is not the one that was saved: run `lightbulb check`',
      });
  }

  private restart(): First {
    const { seed, level } = this;
    return this.run(() => this.environment.reset(level === undefined ? { seed } : { seed, level }));
  }

  private run<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      const code = cause instanceof LightbulbError ? cause.code : 'contract';
      throw new LightbulbError(code, `the environment threw: ${message}`, { where: this.where(), cause });
    }
  }

  private readSnapshot(snapshot: Json): Saved {
    const saved = snapshot as Partial<Saved> | null;
    const complete =
      typeof saved?.stream?.alea?.c === 'number' &&
      typeof saved.seed === 'number' &&
      Array.isArray(saved.level) &&
      Array.isArray(saved.nextLevel) &&
      typeof saved.steps === 'number' &&
      Array.isArray(saved.living);
    if (!complete)
      throw new LightbulbError('corrupt', 'this is no snapshot of a copy', { where: `copy ${this.index}` });
    const foreign = saved.living!.find((agent) => !this.environment.agents.includes(agent));
    const kind = this.savesItself ? saved.environment !== undefined : Array.isArray(saved.actions);
    if (foreign !== undefined || !kind)
      throw new LightbulbError('mismatch', 'this snapshot belongs to another environment', {
        where: `copy ${this.index}`,
        wanted: foreign === undefined ? (this.savesItself ? 'a saved state' : 'saved actions') : 'known agents',
        got: foreign ?? 'none',
      });
    return saved as Saved;
  }

  private notStarted(): LightbulbError {
    return new LightbulbError('contract', 'nothing is being played', {
      where: `copy ${this.index}`,
      cure: 'Call reset(seed, output) once, or restore a snapshot',
    });
  }
}

interface Saved {
  readonly stream: StreamState;
  readonly seed: number;
  readonly level: readonly Json[];
  readonly nextLevel: readonly Json[];
  readonly steps: number;
  readonly living: readonly string[];
  readonly environment?: Json;
  readonly actions?: readonly Json[];
}

const TYPED = { Int32Array, Uint8Array, Float32Array, Float64Array };

/** Actions as plain data that remembers which lists were typed arrays, so that a replay passes the very same. */
function toJson(value: SpaceValue | Actions): Json {
  if (ArrayBuffer.isView(value)) return { $: value.constructor.name, of: Array.from(value as Float32Array) };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toJson(part as SpaceValue)]));
  return value;
}

function fromJson(value: Json): Record<string, SpaceValue> {
  const read = (part: Json): SpaceValue => {
    if (Array.isArray(part)) return part.map(read);
    if (typeof part !== 'object' || part === null) return part as number;
    const { $, of } = part as { $?: keyof typeof TYPED; of?: number[] };
    return $ === undefined ? fromJson(part) : TYPED[$].from(of!);
  };
  return Object.fromEntries(Object.entries(value as object).map(([key, part]) => [key, read(part as Json)]));
}
