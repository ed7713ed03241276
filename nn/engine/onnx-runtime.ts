import { createRequire } from 'node:module';
import type { Tensor as OrtTensor } from 'onnxruntime-common';
import { LightbulbError } from '../../core/index.ts';
import type { Value } from './value.ts';

/**
 * ONNX Runtime's native session. The package's public `InferenceSession.run` wraps this same call in a promise and a
 * `setImmediate`, which costs more than a small network; a learner's inner loop calls it directly. The version is
 * pinned in package.json, and `test/nn/engine/program.test.ts` fails if this door moves.
 */
export interface NativeSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
    options: object,
  ): Record<string, OrtTensor>;
  /** Writes the profile of a session that was loaded with `enableProfiling`; returns its path. */
  endProfiling(): string;
  dispose(): void;
}

interface NativeModule {
  readonly binding: {
    readonly InferenceSession: new () => NativeSession;
    listSupportedBackends(): { name: string; bundled: boolean }[];
  };
  initOrt(): void;
}

interface OrtCommon {
  readonly Tensor: new (type: string, data: ArrayBufferView, dims: readonly number[]) => OrtTensor;
  readonly env: { logLevel?: string };
}

let loaded: { native: NativeModule; common: OrtCommon } | null = null;

/** Loads ONNX Runtime on first use. Error `unavailable` where its native part does not load. */
export function onnxRuntime(): { native: NativeModule; common: OrtCommon } {
  if (loaded !== null) return loaded;
  const require = createRequire(import.meta.url);
  try {
    const common = require('onnxruntime-common') as OrtCommon;
    const native = require('onnxruntime-node/dist/binding') as NativeModule;
    // What it would log as an error is thrown as well.
    common.env.logLevel = 'fatal';
    native.initOrt();
    loaded = { native, common };
    return loaded;
  } catch (cause) {
    throw new LightbulbError('unavailable', "ONNX Runtime's native part does not load", {
      got: cause instanceof Error ? cause.message : String(cause),
      cure: 'Run npm ci on this machine; linux, macOS and Windows on x64 and arm64 are supported',
      cause,
    });
  }
}

/** The same memory as ONNX Runtime's tensor: nothing is copied. */
export function ortTensor({ dtype, shape, data }: Value): OrtTensor {
  return new (onnxRuntime().common.Tensor)(dtype, data, shape);
}
