import { type Json, type JsonObject, LightbulbError, suggest } from '../core/index.ts';

/** One option of a built-in environment. */
export type OptionSpec = NumberOption | RangeOption | ToggleOption | TextOption;

export interface NumberOption {
  readonly type: 'integer' | 'number';
  readonly default: number;
  readonly description: string;
  readonly minimum: number;
  /** Inclusive; none where there is none. */
  readonly maximum?: number;
}

/** From where to where a number lies: [low, high]. */
export interface RangeOption {
  readonly type: 'range';
  readonly default: readonly [low: number, high: number];
  readonly description: string;
  readonly minimum: number;
  readonly maximum: number;
}

export interface ToggleOption {
  readonly type: 'boolean';
  readonly default: boolean;
  readonly description: string;
}

/** A text; with `choices`, one of them; null only where it may be. */
export interface TextOption<Value extends string | null = string | null> {
  readonly type: 'text';
  readonly default: Value;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly isNullable?: boolean;
  /** The path of a file: in a scenario it starts from the scenario's folder. */
  readonly isPath?: boolean;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The values that options with these specifications have. */
export type OptionValues<Specs> = {
  readonly [Key in keyof Specs]: Specs[Key] extends ToggleOption
    ? boolean
    : Specs[Key] extends TextOption<infer Value>
      ? Value
      : Specs[Key] extends RangeOption
        ? readonly [low: number, high: number]
        : number;
};

/**
 * Plain data as options: what is left out has its default. Throws `invalid_input` where `given` is no object or a value
 * is out of range, `unknown_key` with the closest known one where it has a key too many.
 */
export function resolveOptions<Specs extends OptionSpecs>(
  where: string,
  specs: Specs,
  given: Json,
): OptionValues<Specs> {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw new LightbulbError('invalid_input', 'options are an object', { where, got: JSON.stringify(given) });
  }
  const known = Object.keys(specs);
  const object = given as JsonObject;
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) {
      throw new LightbulbError('unknown_key', `there is no option "${key}"`, { where, cure: suggest(key, known) });
    }
  }
  const values = known.map((key) => {
    const value = object[key];
    return [key, value === undefined ? specs[key]!.default : checkOption(where, key, specs[key]!, value)];
  });
  return Object.fromEntries(values) as OptionValues<Specs>;
}

function checkOption(where: string, key: string, spec: OptionSpec, value: Json): Json {
  if (spec.type === 'boolean') {
    if (typeof value === 'boolean') return value;
  } else if (spec.type === 'text') {
    if (value === null && spec.isNullable === true) return null;
    if (typeof value === 'string' && value !== '' && spec.choices?.includes(value) !== false) return value;
  } else if (spec.type === 'range') {
    const [low, high, ...rest] = Array.isArray(value) ? (value as readonly Json[]) : [];
    const isInside = (bound: Json | undefined) =>
      typeof bound === 'number' && bound >= spec.minimum && bound <= spec.maximum;
    if (rest.length === 0 && isInside(low) && isInside(high) && low! <= high!) return [low!, high!];
  } else {
    const { minimum, maximum = Number.POSITIVE_INFINITY } = spec;
    const whole = spec.type === 'number' || Number.isInteger(value);
    if (typeof value === 'number' && whole && value >= minimum && value <= maximum) return value;
  }
  throw new LightbulbError('invalid_input', `option "${key}" is not usable`, {
    where,
    wanted: describe(spec),
    got: JSON.stringify(value),
    ...(spec.type === 'text' && spec.choices !== undefined && typeof value === 'string'
      ? { cure: suggest(value, spec.choices) }
      : {}),
  });
}

function describe(spec: OptionSpec): string {
  if (spec.type === 'boolean') return 'true or false';
  if (spec.type === 'text') {
    const what = spec.choices?.map((choice) => JSON.stringify(choice)).join(', ') ?? 'a text that is not empty';
    return spec.isNullable === true ? `${what}, or null` : what;
  }
  if (spec.type === 'range') return `[low, high] with ${spec.minimum} <= low <= high <= ${spec.maximum}`;
  const kind = spec.type === 'integer' ? 'an integer' : 'a number';
  return spec.maximum === undefined
    ? `${kind} of at least ${spec.minimum}`
    : `${kind} from ${spec.minimum} to ${spec.maximum}`;
}
