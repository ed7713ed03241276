export { createJointLearner, type JointLearnerSpec } from './create-joint-learner.ts';
export { createJointPolicy } from './create-joint-policy.ts';
export type { Experience, GroupExperience } from './experience.ts';
export type { JointLearner } from './joint-learner.ts';
export type { JointPolicy, RoleActor, Turn } from './joint-policy.ts';
export { type EncoderOptions, type SharedValueOptions, sharedValueDefaults } from './options.ts';
