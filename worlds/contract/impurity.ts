/**
 * Watches for what makes an environment depend on more than seed, level and actions: while `call` runs, the clock and
 * the common sources of chance are replaced by ones that tell. They answer as ever.
 */
export class ImpurityWatch {
  /** What was used, and how often. */
  readonly used = new Map<string, number>();

  call<T>(action: () => T): T {
    const undo = this.replaceAll();
    try {
      return action();
    } finally {
      for (const restore of undo) restore();
    }
  }

  private replaceAll(): (() => void)[] {
    const tell = (name: string) => this.used.set(name, (this.used.get(name) ?? 0) + 1);
    const telling =
      (name: string, real: (...args: never[]) => unknown, self: object) =>
      (...args: never[]) => {
        tell(name);
        return real.apply(self, args);
      };
    const hrtime = Object.assign(telling('process.hrtime', process.hrtime, process), {
      bigint: telling('process.hrtime.bigint', process.hrtime.bigint, process.hrtime),
    });
    const RealDate = Date;
    const watched: DateConstructor = new Proxy(RealDate, {
      construct(target, args, newTarget) {
        if (args.length === 0) tell('new Date()');
        return Reflect.construct(target, args, newTarget === watched ? target : newTarget) as object;
      },
      apply() {
        tell('Date()');
        return new RealDate().toString();
      },
      get(target, key, receiver) {
        return key === 'now'
          ? telling('Date.now', target.now, target)
          : (Reflect.get(target, key, receiver === watched ? target : receiver) as unknown);
      },
    });
    return [
      replace(Math, 'random', telling('Math.random', Math.random, Math)),
      replace(performance, 'now', telling('performance.now', performance.now, performance)),
      replace(process, 'hrtime', hrtime),
      replace(globalThis, 'Date', watched),
      replace(
        globalThis.crypto,
        'getRandomValues',
        telling('crypto.getRandomValues', globalThis.crypto.getRandomValues, globalThis.crypto),
      ),
      replace(
        globalThis.crypto,
        'randomUUID',
        telling('crypto.randomUUID', globalThis.crypto.randomUUID, globalThis.crypto),
      ),
    ];
  }
}

/** Puts `value` where `key` is and returns how to undo it. */
function replace(owner: object, key: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, key);
  Object.defineProperty(owner, key, { value, configurable: true, writable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, key);
    else Object.defineProperty(owner, key, before);
  };
}
