// Loads a copy of @tensorflow/tfjs-node-gpu in a process of its own and says what it is, on one line of standard
// output that starts with the first argument after the package's folder.
import { createRequire } from 'node:module';

const [folder, mark] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const util = require('node:util');
// Node 23 dropped both; the package calls them.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
const tf = require(folder);
const product = tf.tidy(() => [
  ...tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([1, -1, 2, -2], [2, 2])).dataSync(),
]);
const { binding, isUsingGpuDevice } = tf.backend();
process.stdout.write(
  `\n${mark}${JSON.stringify({ version: binding.TF_Version, isUsingGpu: isUsingGpuDevice, product })}\n`,
);
