/** One number of a run over environment steps: `values[i]` at `steps[i]`, steps rising. */
export interface Series {
  readonly steps: Float64Array;
  readonly values: Float64Array;
}

/** A series that grows. */
export class GrowingSeries {
  private steps = new Float64Array(64);
  private values = new Float64Array(64);
  private length = 0;

  /** A step at or below those before it takes their place: a run that was resumed made them again. */
  add(step: number, value: number): void {
    while (this.length > 0 && this.steps[this.length - 1]! >= step) this.length--;
    if (this.length === this.steps.length) {
      this.steps = longer(this.steps);
      this.values = longer(this.values);
    }
    this.steps[this.length] = step;
    this.values[this.length++] = value;
  }

  get series(): Series {
    return { steps: this.steps.slice(0, this.length), values: this.values.slice(0, this.length) };
  }
}

function longer(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(2 * array.length);
  grown.set(array);
  return grown;
}
