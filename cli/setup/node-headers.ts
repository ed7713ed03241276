import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { LightbulbError } from '../../core/index.ts';

/** Where Node's C headers are looked for, in this order. */
export function headerPlaces(env: Readonly<Record<string, string | undefined>> = process.env): string[] {
  const nodedir = env.npm_config_nodedir ?? env.NODEDIR;
  return [
    ...(nodedir === undefined ? [] : [join(nodedir, 'include', 'node')]),
    join(dirname(process.execPath), '..', 'include', 'node'),
    join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'node-gyp', process.versions.node, 'include', 'node'),
    '/usr/include/node',
    '/usr/include/nodejs/src',
  ].map((place) => resolve(place));
}

/**
 * The folder of `node_api.h`. `given`: what the person named, itself or with `include/node` below it. Error
 * `unavailable` (`invalid_input` for a given one) that says where it was looked for.
 */
export function findNodeHeaders(given?: string, places: readonly string[] = headerPlaces()): string {
  const tried = given === undefined ? places : [given, join(given, 'include', 'node')].map((place) => resolve(place));
  const found = tried.find((place) => existsSync(join(place, 'node_api.h')));
  if (found !== undefined) return found;
  throw new LightbulbError(given === undefined ? 'unavailable' : 'invalid_input', "Node's C headers are not there", {
    ...(given === undefined ? {} : { where: `--node-headers ${given}` }),
    wanted: `node_api.h in ${tried.join(', or ')}`,
    cure: 'They come with Node (include/node beside its bin), with "npx node-gyp install", or as the system\'s package nodejs-dev or libnode-dev; name them with --node-headers',
  });
}
