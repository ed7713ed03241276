/**
 * lightbulb: agents that learn together, from scenario files and environments of your own.
 * One door per room: `lightbulb/worlds`, `lightbulb/agents`, `lightbulb/nn`, `lightbulb/scenarios`, `lightbulb/core`;
 * this one has what an environment or a script needs most.
 * @module
 */
export * from './agents/index.ts';
export * from './core/index.ts';
export { compile, type Program, tf, type Value, type Values } from './nn/index.ts';
export * from './scenarios/index.ts';
export * from './worlds/index.ts';
