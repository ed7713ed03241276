import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LightbulbError } from '../../core/index.ts';

/** The files that ONNX Runtime's CUDA provider is made of. */
export const PROVIDER = 'libonnxruntime_providers_cuda.so';
export const SHARED = 'libonnxruntime_providers_shared.so';

export interface CudaProvider {
  readonly folder: string;
  /** Version of ONNX Runtime that it belongs to; null where nothing says so. */
  readonly version: string | null;
}

/**
 * Finds the provider in or below `folder`: the Python package onnxruntime-gpu (site-packages, onnxruntime or its capi),
 * the GitHub archive onnxruntime-linux-x64-gpu, or an unpacked NuGet package. Error `invalid_input` where it is not.
 */
export function findCudaProvider(folder: string): CudaProvider {
  const root = resolve(folder);
  const places = ['', 'lib', 'capi', 'onnxruntime/capi', 'runtimes/linux-x64/native'].map((part) => join(root, part));
  const place = places.find((each) => [PROVIDER, SHARED].every((name) => existsSync(join(each, name))));
  if (place !== undefined) return { folder: place, version: versionNear(place) };
  throw new LightbulbError('invalid_input', "ONNX Runtime's CUDA provider is not there", {
    where: `--library ${folder}`,
    wanted: `${PROVIDER} and ${SHARED}, in the folder itself, lib/, capi/, onnxruntime/capi/ or runtimes/linux-x64/native/`,
    cure: 'They come in the Python package onnxruntime-gpu, in the archive onnxruntime-linux-x64-gpu of the GitHub release, and in the NuGet package Microsoft.ML.OnnxRuntime.Gpu.Linux',
  });
}

/** The version by the library's name, the archive's VERSION_NUMBER, or the Python package's metadata. */
function versionNear(place: string): string | null {
  const named = (folder: string, pattern: RegExp): string | undefined =>
    existsSync(folder)
      ? readdirSync(folder)
          .map((name) => pattern.exec(name)?.[1])
          .find((version) => version !== undefined)
      : undefined;
  const numberFile = join(dirname(place), 'VERSION_NUMBER');
  return (
    named(place, /^libonnxruntime\.so\.(\d+\.\d+\.\d+)$/) ??
    (existsSync(numberFile) ? readFileSync(numberFile, 'utf8').trim() : undefined) ??
    named(dirname(dirname(place)), /^onnxruntime_gpu-(\d+\.\d+\.\d+)[^/]*\.dist-info$/) ??
    null
  );
}

/** The provider and the runtime talk through no stable interface: their versions must be equal. Error `mismatch`. */
export function requireVersion({ folder, version }: CudaProvider, wanted: string): void {
  if (version === null || version === wanted) return;
  throw new LightbulbError('mismatch', 'the CUDA provider belongs to another version of ONNX Runtime', {
    where: folder,
    wanted,
    got: version,
    cure: `Install that version, for example: pip install onnxruntime-gpu==${wanted}`,
  });
}
