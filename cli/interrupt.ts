/** Calls back at Ctrl-C and its like, saying whether it is the first time. Returns what undoes it. */
export function onInterrupt(react: (first: boolean) => void): () => void {
  let first = true;
  const listener = () => {
    const wasFirst = first;
    first = false;
    react(wasFirst);
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
