import { float32, type Layout, type Transform, type Value } from '../../nn/index.ts';
import { LearnerState, type Take, viewsByPath } from '../learner-state.ts';

/** A learner's state, the target networks' parameters, and the parameters that act, which stay in place. */
export class ValueParameters extends LearnerState {
  readonly target: Value;
  private readonly acting: Float32Array;

  constructor(packed: Value, layout: Layout, optimiser: Transform) {
    const target = float32([layout.size], (packed.data as Float32Array).slice());
    super(packed, layout, optimiser, { target });
    this.target = target;
    this.acting = (packed.data as Float32Array).slice();
  }

  /** Moves the target parameters towards the online ones by the share `tau`; 1 copies them. */
  follow(tau: number): void {
    const online = this.current.parameters!.data;
    const target = this.target.data;
    for (let i = 0; i < target.length; i++)
      target[i] = tau === 1 ? online[i]! : (1 - tau) * target[i]! + tau * online[i]!;
  }

  /** The online parameters act from now on. */
  publish(): void {
    this.acting.set(this.current.parameters!.data as Float32Array);
  }

  /** Of what acts: the leaves of a branch, by their paths below it. Views, written to by `publish`. */
  actingBranch(branch: string): Record<string, Value> {
    return Object.fromEntries(
      Object.entries(viewsByPath(this.layout, this.acting)).flatMap(([path, value]) =>
        path.startsWith(`${branch}/`) ? [[path.slice(branch.length + 1), value] as const] : [],
      ),
    );
  }

  override load(take: Take): void {
    super.load(take);
    this.publish();
  }
}
