import { internal } from '../../core/index.ts';
import type { Encoders } from './encoder.ts';
import type { EncoderOptions } from './options.ts';
import type { Role } from './role.ts';

export function backboneEncoders(_roles: readonly Role[], _options: EncoderOptions, _isJoint: boolean): Encoders {
  throw internal('not written yet');
}
