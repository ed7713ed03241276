import { existsSync } from 'node:fs';
import { type JsonObject, LightbulbError, suggest } from '../core/index.ts';
import {
  type BatchedEnvironment,
  builtin,
  type Environment,
  environmentNames,
  loadEnvironment,
  unbatch,
} from '../worlds/index.ts';

/** An environment that a person named on the command line. */
export interface NamedEnvironment {
  readonly single: () => Environment;
  /** There where it was written for many copies at once. */
  readonly batched?: (copies: number) => BatchedEnvironment;
  /** The path of its module; a built-in has none. */
  readonly module?: string;
  /** Chance plays no part in it. */
  readonly seedless: boolean;
}

/** A built-in by its name, or a module by its path (from the working directory). */
export async function namedEnvironment(name: string, options: JsonObject): Promise<NamedEnvironment> {
  if (environmentNames.includes(name)) {
    const make = (copies: number) => builtin(name).make(copies, options);
    make(1).close?.(); // what is wrong with the options shows now
    return { single: () => unbatch(make), batched: make, seedless: false };
  }
  if (!existsSync(name)) {
    throw new LightbulbError('invalid_input', 'neither a built-in environment nor a file', {
      where: name,
      cure: suggest(name, environmentNames),
    });
  }
  const { make, single, seedless } = await loadEnvironment(name, options);
  if (single !== undefined) return { single, module: name, seedless };
  return { single: () => unbatch(make), batched: make, module: name, seedless };
}
