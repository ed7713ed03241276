import { LightbulbError } from '../../core/index.ts';
import type { Space } from '../../worlds/index.ts';
import { createRssm, createTransformer, type WorldModel } from '../../worlds/models/index.ts';
import type { DreamerModelOptions } from './options.ts';

/** The world model that the options name. `actions`: A. Errors of sizes name their place in a scenario file. */
export function createModel(observation: Space, actions: number, options: DreamerModelOptions): WorldModel {
  try {
    return options.name === 'rssm'
      ? createRssm(observation, actions, options)
      : createTransformer(observation, actions, options);
  } catch (error) {
    if (!(error instanceof LightbulbError) || !error.parts.where?.startsWith('/')) throw error;
    const { where, wanted, got } = error.parts;
    throw new LightbulbError(error.code, 'a world model cannot be of this size', {
      where: `/learner/model${where}`,
      ...(wanted === undefined ? {} : { wanted }),
      ...(got === undefined ? {} : { got }),
    });
  }
}
