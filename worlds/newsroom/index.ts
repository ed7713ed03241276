export type { NewsroomArticle } from './corpus.ts';
export { type Newsdesk, type NewsroomEpisode, type NewsroomScores, newsroomDesk } from './desk.ts';
export { type Newsroom, newsroom } from './environment.ts';
export type { Facts } from './generated/index.ts';
export { leadWords } from './lead.ts';
export { NEWSROOM_NAME, NEWSROOM_OPTIONS, type NewsroomOptions, type NewsroomSettings } from './settings.ts';
