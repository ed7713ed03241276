export { checkVaeRnnOptions, type VaeRnnOptions, vaeRnnDefaults } from './options.ts';
export { type CodedSequence, VaeRnn, type VaeRnnOf } from './vae-rnn.ts';
