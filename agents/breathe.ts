/**
 * Lets signals, timers and the bus have their turn. Programs and environments block the thread; without this, Ctrl-C in
 * the middle of a long rollout would wait for its end.
 */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
