import { LightbulbError } from '../core/index.ts';
import type { Newest, Saved } from './checkpoints.ts';
import { newestCheckpointOf } from './run-folder.ts';

/** The newest whole checkpoint of a run, to do something with. Error `corrupt` or `invalid_input` where there is none. */
export async function wholeCheckpointOf(
  folder: string,
  purpose: string,
): Promise<{ readonly saved: Saved; readonly broken: Newest['broken'] }> {
  const { saved, broken } = await newestCheckpointOf(folder);
  if (saved !== undefined) return { saved, broken };
  const code = broken.length > 0 ? 'corrupt' : 'invalid_input';
  throw new LightbulbError(code, `there is no whole checkpoint to ${purpose}`, {
    where: folder,
    ...(broken[0] === undefined ? {} : { got: broken[0].message }),
    cure: `Make one: lightbulb resume ${folder}`,
  });
}
