import { actionBounds, actionChoices, actionComponents, type GroupActions, type Space } from '../../worlds/index.ts';

/**
 * Ha and Schmidhuber's controller: one linear layer with a bias from the first `inputs` features to the action. Of choices
 * the largest output is taken; numbers are tanh of theirs, stretched to the bounds of the action.
 */
export class LinearController {
  /** Numbers that are looked for: (inputs + 1) for each output. */
  readonly parameterCount: number;
  private readonly choices: readonly number[] | null;
  private readonly bounds: ReturnType<typeof actionBounds>;
  private readonly outputs: Float64Array;

  constructor(
    action: Space,
    private readonly inputs: number,
  ) {
    this.choices = actionChoices(action);
    this.bounds = actionBounds(action);
    const width = this.choices?.reduce((sum, n) => sum + n, 0) ?? actionComponents(action);
    this.outputs = new Float64Array(width);
    this.parameterCount = (inputs + 1) * width;
  }

  /**
   * The action for the features at `features[from...]`, written to `actions[to...]`. weights: for each output its weights,
   * then its bias.
   */
  act(weights: ArrayLike<number>, features: Float32Array, from: number, actions: GroupActions, to: number): void {
    const { inputs, outputs, choices, bounds } = this;
    let at = 0;
    for (let o = 0; o < outputs.length; o++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += weights[at++]! * features[from + i]!;
      outputs[o] = sum + weights[at++]!;
    }
    if (choices === null) {
      for (let a = 0; a < outputs.length; a++) {
        const [low, high] = [bounds!.low[a]!, bounds!.high[a]!];
        const share = Math.tanh(outputs[a]!);
        actions[to + a] = high - low < 1e30 ? low + ((share + 1) / 2) * (high - low) : share;
      }
      return;
    }
    let first = 0;
    for (let c = 0; c < choices.length; c++) {
      let best = 0;
      for (let n = 1; n < choices[c]!; n++) if (outputs[first + n]! > outputs[first + best]!) best = n;
      actions[to + c] = best;
      first += choices[c]!;
    }
  }
}
