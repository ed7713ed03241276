/** What kind of promise a value or a declaration breaks. */
export type FaultKind = 'declaration' | 'type' | 'dtype' | 'shape' | 'not_finite' | 'integer' | 'bounds';

/** Why something is not a member of a space. `path` is a JSON pointer into it (empty: the thing itself). */
export interface SpaceFault {
  readonly path: string;
  readonly kind: FaultKind;
  readonly wanted: string;
  readonly got: string;
}

export function fault(path: string, kind: FaultKind, wanted: string, got: string): SpaceFault {
  return { path, kind, wanted, got };
}

/** A fault in one line: `/position/1: wanted a number <= 2, got 3`. */
export function printFault({ path, wanted, got }: SpaceFault): string {
  return `${path === '' ? '' : `${path}: `}wanted ${wanted}, got ${got}`;
}

/** Any value in a few characters, for messages. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 37)}...` : value);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length})`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value);
    return `an object {${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ', ...' : ''}}`;
  }
  return Object.is(value, -0) ? '-0' : String(value);
}
