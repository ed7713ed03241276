export { type RssmOptions, rssmDefaults } from './options.ts';
export { createRssm, type RssmOf } from './rssm.ts';
