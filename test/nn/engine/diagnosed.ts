import { type Diagnosis, diagnose } from '../../../nn/engine/index.ts';

let diagnosis: Promise<readonly Diagnosis[]> | undefined;

/** What works here, with measurements: found out once for all tests, as it takes a process for each device. */
export function diagnosed(): Promise<readonly Diagnosis[]> {
  diagnosis ??= diagnose({ isMeasured: true });
  return diagnosis;
}
