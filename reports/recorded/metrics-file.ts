import { type LinesRead, readLines } from './lines.ts';
import { GrowingSeries, type Series } from './series.ts';

/** Reads `metrics.jsonl`: every number by its name. */
export async function readMetrics(
  file: string,
): Promise<{ readonly series: Map<string, Series>; readonly lines: LinesRead }> {
  const metrics = new Metrics();
  const lines = await readLines(file, (text, start, end) => metrics.take(text, start, end));
  return { series: metrics.series, lines };
}

/** How the lines of one kind of row begin, number by number; kept because most lines are like one before them. */
interface Shape {
  /** `{"step":`, `,"episodes":`, ...: what stands before each number. */
  readonly texts: readonly string[];
  readonly growing: readonly GrowingSeries[];
  readonly values: Float64Array;
}

const SHAPES = 8;

/**
 * A run's metrics may be half a million numbers, of which all lines but a few repeat the names of an earlier line. A
 * line of a known shape is read by comparing its names and converting its numbers; any other line is parsed as JSON
 * and becomes a shape. Both ways give the same numbers.
 */
class Metrics {
  private readonly growing = new Map<string, GrowingSeries>();
  private shapes: Shape[] = [];

  get series(): Map<string, Series> {
    return new Map(Array.from(this.growing, ([name, growing]) => [name, growing.series]));
  }

  take(text: string, start: number, end: number): boolean {
    for (const shape of this.shapes) if (this.fits(shape, text, start, end)) return true;
    return this.parse(text.slice(start, end));
  }

  private fits({ texts, growing, values }: Shape, text: string, start: number, end: number): boolean {
    let at = start;
    for (let i = 0; i < texts.length; i++) {
      const before = texts[i]!;
      if (!text.startsWith(before, at)) return false;
      at += before.length;
      const stop = i + 1 < texts.length ? text.indexOf(',', at) : end - 1;
      if (stop <= at || stop >= end) return false;
      const value = Number(text.slice(at, stop));
      if (!Number.isFinite(value)) return false;
      values[i] = value;
      at = stop;
    }
    if (text[at] !== '}') return false;
    for (let i = 1; i < growing.length; i++) growing[i]!.add(values[0]!, values[i]!);
    return true;
  }

  private parse(line: string): boolean {
    const row = rowOf(line);
    if (row === undefined) return false;
    const { step, ...numbers } = row;
    const names = Object.keys(row);
    for (const [name, value] of Object.entries(numbers)) {
      if (typeof value === 'number') this.of(name).add(step, value);
    }
    if (names[0] === 'step' && Object.values(row).every((value) => typeof value === 'number')) {
      const texts = names.map((name, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`);
      const shape = { texts, growing: names.map((name) => this.of(name)), values: new Float64Array(names.length) };
      this.shapes = [shape, ...this.shapes].slice(0, SHAPES);
    }
    return true;
  }

  private of(name: string): GrowingSeries {
    const found = this.growing.get(name) ?? new GrowingSeries();
    if (name !== 'step') this.growing.set(name, found);
    return found;
  }
}

function rowOf(line: string): ({ readonly step: number } & Readonly<Record<string, unknown>>) | undefined {
  try {
    const row: unknown = JSON.parse(line);
    const isRow = typeof row === 'object' && row !== null && 'step' in row && Number.isFinite(row.step);
    return isRow ? (row as { readonly step: number }) : undefined;
  } catch {
    return undefined;
  }
}
