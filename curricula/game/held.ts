import { float32, type Value } from '../../nn/index.ts';
import type { WorldParameters } from './imagination.ts';

/** A copy of parameters that programs can be bound to: the model as it was when `take` was last called. */
export class HeldWorld {
  readonly values: WorldParameters;

  constructor(private readonly present: () => WorldParameters) {
    this.values = Object.fromEntries(
      Object.entries(present()).map(([path, { shape }]): [string, Value] => [path, float32(shape)]),
    );
    this.take();
  }

  take(): void {
    for (const [path, { data }] of Object.entries(this.present()))
      (this.values[path]!.data as Float32Array).set(data as Float32Array);
  }
}
