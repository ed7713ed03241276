import type { Episode } from './episodes.ts';

/** Statistics of the episodes that ended in an iteration; nothing where none did. */
export function returnsOf(episodes: readonly Episode[]): Record<string, number> {
  if (episodes.length === 0) return {};
  const mean = (pick: (episode: Episode) => number): number =>
    episodes.reduce((sum, episode) => sum + pick(episode), 0) / episodes.length;
  return {
    'return/mean': mean((episode) => episode.return),
    'return/minimum': Math.min(...episodes.map((episode) => episode.return)),
    'return/maximum': Math.max(...episodes.map((episode) => episode.return)),
    'episode/length': mean((episode) => episode.length),
    'episode/count': episodes.length,
  };
}
