import { text } from 'node:stream/consumers';
import type { Json } from '../../core/index.ts';
import { loadEnvironment } from '../load.ts';
import { unbatch } from '../unbatch.ts';
import { record } from './determinism.ts';
import { type Errand, MARK } from './fresh-process.ts';

/** The other process of `judgeFreshProcess`: loads the module, plays the seeds, prints the fingerprints. */
const errand = JSON.parse(await text(process.stdin)) as Errand;
const { single, make } = await loadEnvironment(errand.path, errand.options as Json);
const environment = single !== undefined && errand.form === 'single' ? single() : unbatch(make);
const prints = errand.seeds.map((seed) => record(environment, seed, errand.repeatSteps));
process.stdout.write(`\n${MARK}${JSON.stringify(prints)}\n`, () => process.exit(0));
