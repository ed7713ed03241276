/** How far a model can be trusted: measured on whole real episodes that it was not trained on. */
export interface ModelQuality {
  /**
   * By steps ahead, as text ("1", "5", "15"): mean squared error of a number of the observation, imagined open loop under
   * the real actions, and of copying the last frame that was seen. In the units of `ModelSequence.observation`.
   */
  readonly openLoop: Readonly<
    Record<string, { readonly model: number; readonly copy: number; readonly cases: number }>
  >;
  /** Predicted probabilities of an ending one step ahead against what happened. */
  readonly terminal: {
    readonly cases: number;
    /** Share of steps that ended. */
    readonly rate: number;
    /** Mean squared error of the probability (Brier 1950), and of always saying `rate`. */
    readonly brier: number;
    readonly brierOfRate: number;
    /** Expected calibration error over the bins: mean of |predicted - happened|, weighted by cases. */
    readonly calibrationError: number;
    /** Equal-width bins of the predicted probability that have cases. */
    readonly bins: readonly { readonly predicted: number; readonly happened: number; readonly cases: number }[];
  };
}
