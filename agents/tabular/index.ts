export { type TabularOptions, tabularDefaults } from './options.ts';
export { createTabular, type TabularSpec } from './tabular.ts';
