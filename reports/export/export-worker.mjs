// The thread that exports are written in. Plain JavaScript, as it makes TypeScript readable for what follows.
import { parentPort, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { writeExports } = await import('./write-exports.ts');
const { report, recorded, folder } = workerData;
try {
  parentPort.postMessage({ files: await writeExports(report, recorded, folder) });
} catch (error) {
  parentPort.postMessage({ error });
}
