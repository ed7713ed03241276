export { CmaEs, type CmaEsOptions, type CmaEsState } from './cma-es.ts';
