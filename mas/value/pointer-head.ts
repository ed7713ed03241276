import { internal } from '../../core/index.ts';
import type { MultiDiscrete } from '../../worlds/index.ts';
import type { Role } from './role.ts';
import type { RoleHead } from './role-head.ts';

export function pointerHead(_role: Role, _action: MultiDiscrete, _features: number): RoleHead {
  throw internal('not written yet');
}
