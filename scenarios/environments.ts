/** TEMPORARY until the registry of worlds stands: then this file goes. */
import type { JsonObject } from '../core/index.ts';
import type { BatchedEnvironment } from '../worlds/index.ts';
import * as worlds from '../worlds/index.ts';

interface Registry {
  readonly environmentNames?: readonly string[];
  readonly makeEnvironment?: (name: string, copies: number, options?: JsonObject) => BatchedEnvironment;
}
const registry = worlds as unknown as Registry;

export const environmentNames: readonly string[] = registry.environmentNames ?? [
  'cartpole',
  'pendulum',
  'simple_spread',
  'simple_tag',
  'simple_reference',
  'simple_speaker_listener',
  'dodge',
  'counting',
];

export function makeEnvironment(name: string, copies: number, options: JsonObject): BatchedEnvironment {
  if (registry.makeEnvironment === undefined) throw new Error('internal: there is no registry yet');
  return registry.makeEnvironment(name, copies, options);
}
