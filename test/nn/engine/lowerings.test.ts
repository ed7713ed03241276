import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compile, eagerExecutor, type Program, type Values } from '../../../nn/engine/index.ts';
import { lowerings } from '../../../nn/engine/lowerings/index.ts';
import type { Lowering } from '../../../nn/engine/lowerings/lowering.ts';
import { groups, withGradients } from './cases/all.ts';
import { Draw, type Instance } from './cases/case.ts';
import { distance } from './distance.ts';

/** Random instances of each case. */
const RUNS = 20;
/**
 * Of |compiled - eager| / (1 + |eager|): float32 has 6e-8, sums of up to a few hundred terms come in another order, and
 * ONNX Runtime approximates tanh, sigmoid and erf to about 1e-6.
 */
const TOLERANCE = 2e-5;

/** The kernels that tfjs asked to be lowered. */
const lowered = new Set<string>();
const table = lowerings as Record<string, Lowering>;
for (const [kernel, lower] of Object.entries(table)) {
  table[kernel] = (tracer, inputs, attributes) => {
    lowered.add(kernel);
    return lower(tracer, inputs, attributes);
  };
}

function check(instance: Instance, tolerance: number): void {
  const fn = withGradients(instance);
  const programs: Program[] = [
    compile(fn, { name: 'compiled' }),
    compile(fn, { name: 'eager', executor: eagerExecutor() }),
  ];
  const [compiled, eager] = programs.map((program) => program.run(instance.inputs)) as [Values, Values];
  for (const program of programs) program.dispose();
  assert.deepEqual(Object.keys(compiled), Object.keys(eager));
  for (const [name, value] of Object.entries(eager)) {
    const { dtype, shape } = compiled[name]!;
    assert.deepEqual({ dtype, shape }, { dtype: value.dtype, shape: value.shape }, name);
    const apart = distance(compiled[name]!, value);
    assert.ok(
      apart <= tolerance,
      `${name} is off by ${apart}: ${compiled[name]!.data.slice(0, 12)} instead of ${value.data.slice(0, 12)}`,
    );
  }
}

describe('every lowering does what tfjs does, values and gradients', () => {
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      for (const { name, make, tolerance = TOLERANCE } of cases) {
        it(name, () => {
          fc.assert(
            fc.property(fc.nat(1_000_000), (seed) => check(make(new Draw(seed)), tolerance)),
            { seed: 20_260, numRuns: RUNS, endOnFailure: true },
          );
        });
      }
    });
  }

  // In a suite of its own: mocha runs a suite's own tests before those of its parts.
  describe('together', () => {
    it('the cases use every lowering', () => {
      assert.deepEqual(
        Object.keys(lowerings).filter((kernel) => !lowered.has(kernel)),
        [],
      );
    });
  });
});
