/** What a setup is about to do, told before anything is done. */
export interface Plan {
  /** One sentence a step, in order. */
  readonly steps: readonly string[];
  /** What the person should know besides: what it needs that it does not bring. */
  readonly remarks: readonly string[];
  /** Does it, all or nothing. `say`: progress. Returns what was found to work then. */
  run(say: (line: string) => void): Promise<Outcome>;
}

export interface Outcome {
  /** Files and folders that are there now, or are gone. */
  readonly changed: readonly string[];
  /** What the check found, in words: `TensorFlow 2.21.0 on the CPU`; null where none was made. */
  readonly checked: string | null;
}
