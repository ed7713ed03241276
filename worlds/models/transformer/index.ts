export { type TransformerOptions, transformerDefaults } from './options.ts';
export { createTransformer, type TransformerOf } from './transformer.ts';
