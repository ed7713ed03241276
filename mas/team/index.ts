export { createTeamTraining, type TeamTrainingSpec } from './create-team-training.ts';
export type { SetAside, TeamNews, TellNews } from './news.ts';
export { type PlayRoleSpec, playRole, type RoleNews } from './play-role.ts';
export { Registry, type RunEntry, runEntry } from './registry.ts';
export { type RoleAgent, type RoleSpec, serveRole } from './role-agent.ts';
export {
  type ProcessNews,
  type RoleCommand,
  type SuperviseSpec,
  type Supervision,
  superviseRoles,
} from './supervise.ts';
export type { TeamSpec } from './team-spec.ts';
export { createTeam, type TeamTraining } from './team-training.ts';
export { type Watched, type WatchedAgent, watchRun } from './watch-run.ts';
