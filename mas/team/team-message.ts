import { plainSchema as Type } from '../../core/index.ts';
import { array, defineMessage, optionalArray } from '../messages/index.ts';

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/**
 * Host to learner, a task of the run's queue beside those of the roles: what happened to all of them together in a
 * round. K kinds of feedback (both arrays are left out where there are none), `all` agents of all groups.
 */
export const team = defineMessage({
  kind: 'team',
  schema: Type.Object({ round: count, step: count, version: count }, { additionalProperties: false }),
  arrays: {
    reward: array('f32', ['T', 'B']),
    feedback: optionalArray('f32', ['T', 'B', 'K']),
    /** 1 where there is a score. */
    said: optionalArray('u8', ['T', 'B', 'K']),
    difference: optionalArray('f32', ['T', 'B', 'all']),
  },
});
