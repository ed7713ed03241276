/**
 * A thread that runs ONNX programs on shared memory for `parallel.ts`. Plain JavaScript, so that a worker starts
 * without a TypeScript loader. ONNX Runtime refuses shared memory, hence the copies on the way in and out.
 */
import { createRequire } from 'node:module';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';

const IDLE = 0;
const LOAD = 1;
const RUN = 2;
const FAILED = 3;
/** How often to look before going to sleep: a waking thread is slower than a minibatch's preparation. */
const SPINS = 300_000;

const require = createRequire(import.meta.url);
const { Tensor } = require('onnxruntime-common');
const { binding, initOrt } = require('onnxruntime-node/dist/binding');
initOrt();

const { control, port } = workerData;
const programs = [];

function load({ model, threads, inputs, outputs }) {
  const session = new binding.InferenceSession();
  session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    executionProviders: ['cpu'],
  });
  const local = (arrays) =>
    arrays.map(({ name, dtype, shape, shared }) => {
      const data = new shared.constructor(shared.length);
      return { name, shared, data, tensor: new Tensor(dtype, data, shape) };
    });
  const [reads, writes] = [local(inputs), local(outputs)];
  const named = (arrays) => Object.fromEntries(arrays.map(({ name, tensor }) => [name, tensor]));
  programs.push({ session, reads, writes, feeds: named(reads), fetches: named(writes) });
}

function run({ session, reads, writes, feeds, fetches }) {
  for (const { shared, data } of reads) data.set(shared);
  session.run(feeds, fetches, {});
  for (const { shared, data } of writes) shared.set(data);
}

for (;;) {
  for (let spin = 0; spin < SPINS && Atomics.load(control, 0) === IDLE; spin++);
  Atomics.wait(control, 0, IDLE);
  const order = Atomics.load(control, 0);
  let outcome = IDLE;
  try {
    if (order === LOAD) load(receiveMessageOnPort(port).message);
    else if (order === RUN) run(programs[Atomics.load(control, 1)]);
  } catch (error) {
    port.postMessage(String(error instanceof Error ? error.message : error));
    outcome = FAILED;
  }
  Atomics.store(control, 0, outcome);
  Atomics.notify(control, 0);
}
