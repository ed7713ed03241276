import assert from 'node:assert/strict';
import { LightbulbError } from '../../../core/index.ts';
import {
  compile,
  diagnose,
  eagerExecutor,
  float32,
  onnxExecutor,
  prepareEager,
  type TensorFunction,
  tf,
} from '../../../nn/engine/index.ts';
import { diagnosed } from './diagnosed.ts';

const step: TensorFunction = ({ x, w }) => {
  const loss = (weights: tf.Tensor): tf.Scalar => tf.mean(tf.square(tf.tanh(tf.matMul(x!, weights))));
  const { value, grad } = tf.valueAndGrad(loss)(w!);
  return { loss: value, w: tf.sub(w!, tf.mul(grad, 0.1)) };
};
const inputs = { x: float32([2, 2], [1, 2, 3, 4]), w: float32([2, 2], [0.1, 0.2, 0.3, 0.4]) };

const isUnavailable = (error: unknown): boolean => {
  assert.ok(error instanceof LightbulbError);
  assert.equal(error.code, 'unavailable');
  assert.ok((error.parts.cure ?? '').length > 20, error.message);
  return true;
};

describe('executors', () => {
  it('wants eager backends to be prepared', () => {
    assert.throws(
      () => compile(step, { executor: eagerExecutor({ backend: 'tensorflow' }) }).run(inputs),
      isUnavailable,
    );
  });

  for (const backend of ['cpu', 'wasm'] as const) {
    it(`eager ${backend} agrees with the compiled program and leaves nothing behind`, async () => {
      const before = tf.getBackend();
      const handlers = process.listenerCount('unhandledRejection') + process.listenerCount('uncaughtException');
      await prepareEager(backend);
      await prepareEager(backend);
      const program = compile(step, { executor: eagerExecutor({ backend }) });
      const compiled = compile(step).run(inputs);
      program.run(inputs);
      const { numTensors, numDataBuffers } = tf.memory();
      for (let i = 0; i < 20; i++) {
        const eager = program.run(inputs);
        for (const [key, { data }] of Object.entries(eager)) {
          for (const [at, value] of data.entries()) assert.ok(Math.abs(value - compiled[key]!.data[at]!) < 1e-5, key);
        }
      }
      assert.deepEqual(tf.memory().numTensors, numTensors);
      assert.deepEqual(tf.memory().numDataBuffers, numDataBuffers);
      assert.equal(tf.getBackend(), before);
      assert.equal(process.listenerCount('unhandledRejection') + process.listenerCount('uncaughtException'), handlers);
    });
  }

  it('a device that is not there is an error, not the CPU', async () => {
    const found = await diagnosed();
    assert.deepEqual(
      found.map(({ executor, device }) => `${executor}/${device}`),
      ['onnx/cpu', 'onnx/webgpu', 'onnx/cuda', 'eager/cpu', 'eager/wasm', 'eager/tensorflow'],
    );
    for (const { executor, device, works, reason, cure } of found) {
      const isPortable = device === 'cpu' || device === 'wasm';
      assert.ok(
        works || (!isPortable && reason !== undefined && cure !== undefined),
        `${executor}/${device}: ${reason}`,
      );
    }
    const cuda = found.find(({ device }) => device === 'cuda')!;
    if (!cuda.works) {
      assert.throws(() => compile(step, { executor: onnxExecutor({ device: 'cuda' }) }).run(inputs), isUnavailable);
    }
    const native = found.find(({ device }) => device === 'tensorflow')!;
    if (!native.works) await assert.rejects(prepareEager('tensorflow'), isUnavailable);
  });

  it('gives up on a device that does not answer', async () => {
    const found = await diagnose({ timeoutMs: 1 });
    const slow = found.filter(({ works }) => !works);
    assert.deepEqual(
      slow.map(({ device }) => device),
      ['webgpu', 'cuda', 'tensorflow'],
    );
    for (const { reason } of slow) assert.match(reason!, /no answer within/);
  });

  it('strict means no operator on the CPU', () => {
    // The option reaches ONNX Runtime: with the CPU alone it is a contradiction.
    assert.throws(() => compile(step, { executor: onnxExecutor({ isStrict: true }) }).run(inputs), /fallback/);
  });
});
