import type { BatchedEnvironment } from '../../worlds/index.ts';
import type { Bus } from '../bus/bus.ts';
import type { SharedValueOptions } from '../value/index.ts';
import type { TellNews } from './news.ts';
import type { SuperviseSpec } from './supervise.ts';

/** What a team is made from. */
export interface TeamSpec {
  readonly seed: number;
  /** Environment steps of the whole training, all copies added up. */
  readonly steps: number;
  readonly copies: number;
  readonly make: (copies: number) => BatchedEnvironment;
  /** What evaluations play, where that is another environment (held-out data, say). Default: `make`. */
  readonly makeForEvaluation?: ((copies: number) => BatchedEnvironment) | undefined;
  readonly options: Pick<SharedValueOptions, 'rollout' | 'credit'>;
  /** Not closed by the training: it is its maker's. */
  readonly bus: Bus;
  /** Tells this run's messages from those of others; the same when it is resumed. */
  readonly run: string;
  /** The name that agents elsewhere look for. Default: that of the run. */
  readonly scenario?: string;
  /** Roles (the environment's groups) that this process plays itself. Default: all that `processes` does not name. */
  readonly local?: 'all' | readonly string[];
  /**
   * Roles that are played by child processes of this one. Those that are neither here nor there are waited for: somebody
   * has to play them elsewhere (`playRole`).
   */
  readonly processes?: Pick<SuperviseSpec, 'roles' | 'command'>;
  /** Milliseconds for an answer of a role; longer after one that did not come. Default 3000. */
  readonly timeout?: number;
  /** Gives up waiting for other agents: the round under way is lost, and `advance` throws `unavailable`. */
  readonly signal?: AbortSignal;
  readonly tell?: TellNews;
}
