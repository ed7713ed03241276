import type { Executable, Executor, Value } from '../nn/index.ts';

/** What programs of one name did: calls, milliseconds in them, and the bytes of all that they read and wrote. */
export interface Reading {
  calls: number;
  milliseconds: number;
  /** What crosses to a device with memory of its own, and back. */
  bytes: number;
}

/** An executor that counts what goes through its programs, by their names. */
export function metered(executor: Executor): { readonly executor: Executor; readonly readings: Map<string, Reading> } {
  const readings = new Map<string, Reading>();
  const watched = (executable: Executable, name: string): Executable => {
    const reading = readings.get(name) ?? { calls: 0, milliseconds: 0, bytes: 0 };
    readings.set(name, reading);
    const metered = (run: () => void, values: readonly Value[]): (() => void) => {
      const bytes = values.reduce((sum, { data }) => sum + data.byteLength, 0);
      return () => {
        const began = performance.now();
        run();
        reading.milliseconds += performance.now() - began;
        reading.calls++;
        reading.bytes += bytes;
      };
    };
    const bind: Executable['bind'] = (inputs, outputs) =>
      metered(executable.bind(inputs, outputs), [...Object.values(inputs), ...Object.values(outputs)]);
    return { ...executable, bind, run: (inputs, outputs) => bind(inputs, outputs)() };
  };
  const { prepareScan } = executor;
  return {
    readings,
    executor: {
      name: executor.name,
      device: executor.device,
      prepare: (fn, signature, name) => watched(executor.prepare(fn, signature, name), name),
      ...(prepareScan === undefined
        ? {}
        : { prepareScan: (fn, plan, name) => watched(prepareScan(fn, plan, name), name) }),
    },
  };
}
