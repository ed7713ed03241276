import type { Stream } from '../../core/index.ts';
import { float32, type Value } from '../../nn/index.ts';
import type { NoiseSpec } from './model.ts';

/** Arrays for the noise of rows [...lead]: float32 [...lead, size] each, zeros until `fillNoise`. */
export function noiseValues(spec: NoiseSpec, lead: readonly number[]): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(spec).map(([name, { size }]) => [name, float32([...lead, size])]));
}

/** Draws fresh noise into the arrays of `noiseValues`, in the order of their names in `spec`. */
export function fillNoise(stream: Stream, spec: NoiseSpec, values: Readonly<Record<string, Value>>): void {
  for (const [name, { kind }] of Object.entries(spec)) {
    const data = values[name]!.data as Float32Array;
    if (kind === 'gumbel') stream.fillGumbel(data);
    else if (kind === 'normal') stream.fillNormal(data);
    else for (let i = 0; i < data.length; i++) data[i] = stream.uniform();
  }
}
