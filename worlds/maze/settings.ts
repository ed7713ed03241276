import { LightbulbError } from '../../core/index.ts';
import { requireCount } from '../guards.ts';

export interface MazeOptions {
  /** Cells of the maze's side, without the wall around it. Default 13. */
  readonly size?: number;
  /** Cells of the side of what the agent sees, odd, 3 to 9. Default 5. */
  readonly view?: number;
  /** Where levels come from that nobody chose: `walls` scattered at random, or `perfect` mazes. Default walls. */
  readonly layout?: 'walls' | 'perfect';
  /** The most walls that are scattered, 0 to size^2 - 2. Default 60. */
  readonly walls?: number;
  /** The fewest; how many is uniform between the two. Default 0. */
  readonly fewestWalls?: number;
  /** Edits of one mutation. Default 5. */
  readonly edits?: number;
  /** Random numbers that whoever builds a maze sees, so that not all it builds are the same. Default 50. */
  readonly builderNoise?: number;
  /** Episodes are truncated after this many steps. Default 250. */
  readonly maximumSteps?: number;
}

/** All options, checked. */
export type MazeSettings = Required<MazeOptions>;

export const NAME = 'maze';
export const LAYOUTS = ['walls', 'perfect'] as const;

/** Defaults filled in. `invalid_input` names the option that is not usable. */
export function settingsOf(options: MazeOptions): MazeSettings {
  const size = requireCount(NAME, 'size', options.size ?? 13, 2);
  const most = size * size - 2;
  const walls = requireCount(NAME, 'walls', options.walls ?? Math.min(60, most), 0);
  const fewestWalls = requireCount(NAME, 'fewestWalls', options.fewestWalls ?? 0, 0);
  const view = requireCount(NAME, 'view', options.view ?? 5, 3);
  const layout = options.layout ?? 'walls';
  if (walls > most) throw unusable('walls', `at most ${most}: agent and goal need a cell each`, walls);
  if (fewestWalls > walls) throw unusable('fewestWalls', `at most walls, ${walls}`, fewestWalls);
  if (view > 9 || view % 2 === 0) throw unusable('view', '3, 5, 7 or 9', view);
  if (!LAYOUTS.includes(layout)) throw unusable('layout', LAYOUTS.join(' or '), layout);
  // Cells of a perfect maze lie on even rows and columns.
  if (layout === 'perfect' && (size < 3 || size % 2 === 0)) throw unusable('size', 'odd, for perfect mazes', size);
  return {
    size,
    view,
    layout,
    walls,
    fewestWalls,
    edits: requireCount(NAME, 'edits', options.edits ?? 5),
    builderNoise: requireCount(NAME, 'builderNoise', options.builderNoise ?? 50),
    maximumSteps: requireCount(NAME, 'maximumSteps', options.maximumSteps ?? 250),
  };
}

function unusable(option: string, wanted: string, got: number | string): LightbulbError {
  return new LightbulbError('invalid_input', `${option} is not usable`, { where: NAME, wanted, got: String(got) });
}
