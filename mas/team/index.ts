export { createTeamTraining, type TeamTrainingSpec } from './create-team-training.ts';
export type { SetAside, TeamNews, TellNews } from './news.ts';
export { type RoleAgent, type RoleSpec, serveRole } from './role-agent.ts';
export { createTeam, type TeamSpec, type TeamTraining } from './team-training.ts';
