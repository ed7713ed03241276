import type { Estimate } from '../report.ts';

const PREFIXES = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** A number at an axis: `100k`, `1.5M`, `-250`, `0.001`, `2e-7`. */
export function axisNumber(value: number): string {
  if (!Number.isFinite(value)) return '';
  const size = Math.abs(value);
  for (const [unit, prefix] of PREFIXES) {
    if (size >= unit * 0.9999995) return `${trimmed(value / unit)}${prefix}`;
  }
  if (size > 0 && size < 1e-4) return String(Number(value.toPrecision(3)));
  return trimmed(value);
}

/** Sums of steps leave dust in the last digits: 0.30000000000000004. */
function trimmed(value: number): string {
  return String(Number(value.toPrecision(6)) + 0);
}

/** Three or four digits of a number, as many as a person reads; a dash where there is none. */
export function shortNumber(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(size >= 100 ? 4 : 3)) + 0);
}

/** A count with thin spaces between thousands. */
export function wholeNumber(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f') : '–';
}

/**
 * Decimals that numbers below each other are written with: two digits of the middle one of their intervals' widths.
 * Undefined where no interval has a width.
 */
export function decimalsOf(estimates: readonly Estimate[]): number | undefined {
  const widths = estimates.map(({ low, high }) => high - low).filter((width) => Number.isFinite(width) && width > 0);
  const middle = widths.sort((a, b) => a - b)[Math.floor(widths.length / 2)];
  return middle === undefined ? undefined : Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(middle))));
}

/** A number and its interval with so many decimals; otherwise with as many as its own interval makes sense of. */
export function estimateParts(
  { value, low, high }: Estimate,
  decimals = decimalsOf([{ value, low, high }]),
): { readonly value: string; readonly interval: string } {
  const text = (number: number) =>
    !Number.isFinite(number)
      ? '–'
      : decimals === undefined
        ? shortNumber(number)
        : (Number(number.toFixed(decimals)) + 0).toFixed(decimals);
  return { value: text(value), interval: `[${text(low)}, ${text(high)}]` };
}

/** `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
