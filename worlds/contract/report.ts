/** What became of one check. A skip is no failure: the reason says why there was nothing to judge. */
export interface CheckResult {
  /** A short stable name: `observation-bounds`. */
  readonly name: string;
  /** What the contract promises. */
  readonly promise: string;
  readonly outcome: 'pass' | 'fail' | 'skip';
  /** Of a failure: where, what was wanted, what was found. Of a skip: why. Of a pass: what was seen, or nothing. */
  readonly reason: string;
}

export interface Report {
  /** Whether nothing failed. */
  readonly passed: boolean;
  readonly checks: readonly CheckResult[];
  /** Environment steps a second, of one copy; null where nothing could be played. */
  readonly stepsPerSecond: number | null;
}

/** What a judge says: a pass with a remark, a failure, or that there is nothing to judge. */
export type Verdict = { readonly outcome: CheckResult['outcome']; readonly reason: string };

export const pass = (remark = ''): Verdict => ({ outcome: 'pass', reason: remark });
export const fail = (reason: string): Verdict => ({ outcome: 'fail', reason });
export const skip = (reason: string): Verdict => ({ outcome: 'skip', reason });
/** A failure where there is a reason for one. */
export const verdict = (reason: string | null): Verdict => (reason === null ? pass() : fail(reason));

/** Collects results. A check whose needs did not all hold is skipped, so that one defect is one failure. */
export class Findings {
  private readonly results: CheckResult[] = [];
  private readonly unfit = new Set<string>();

  /** `after`: runs when a check is done, to clear away what it made. */
  constructor(private readonly after: () => void = () => undefined) {}

  async check(
    name: string,
    promise: string,
    needs: readonly string[],
    judge: () => Verdict | Promise<Verdict>,
  ): Promise<void> {
    const missing = needs.find((need) => this.unfit.has(need));
    if (missing !== undefined) {
      this.unfit.add(name);
      this.results.push({ name, promise, ...skip(`not judged, because "${missing}" does not hold`) });
      return;
    }
    let found: Verdict;
    try {
      found = await judge();
    } catch (error) {
      found = fail(`threw: ${messageOf(error)}`);
    } finally {
      this.after();
    }
    if (found.outcome === 'fail') this.unfit.add(name);
    this.results.push({ name, promise, ...found });
  }

  report(stepsPerSecond: number | null): Report {
    return { passed: this.results.every(({ outcome }) => outcome !== 'fail'), checks: this.results, stepsPerSecond };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A report as lines of text: failures first, then skips, then how many passed. */
export function printReport({ checks, stepsPerSecond }: Report): string {
  const of = (outcome: CheckResult['outcome']) => checks.filter((check) => check.outcome === outcome);
  const lines = [...of('fail'), ...of('skip')].map(
    ({ name, promise, outcome, reason }) => `${outcome} ${name}: ${promise}\n     ${reason}`,
  );
  const speed = stepsPerSecond === null ? '' : `, ${Math.round(stepsPerSecond)} steps a second`;
  return [
    ...lines,
    `${of('pass').length} passed, ${of('fail').length} failed, ${of('skip').length} skipped${speed}`,
  ].join('\n');
}
