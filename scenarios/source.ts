import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type ErrorParts, LightbulbError } from '../core/index.ts';

/** A path into a JSON value: keys and indices. */
export type Path = readonly string[];

/** The parsed text of a file, and where each value stands in it. */
export interface Source {
  readonly file: string;
  /** Plain JSON, unchecked. */
  readonly value: unknown;
  /** `file:line:column /pointer` of the value at `path`, or of the nearest one around it. */
  where(path: Path): string;
}

/** The JSON pointer of a path (RFC 6901). */
export function pointer(path: Path): string {
  return path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The path of a JSON pointer. */
export function pathOf(jsonPointer: string): Path {
  return jsonPointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Reads a JSON or YAML file, by its ending (`.json`, `.yaml`, `.yml`). */
export function readSource(file: string): Source {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const problem = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new LightbulbError('invalid_input', problem, { where: file, cause });
  }
  return parseSource(text, file);
}

export function parseSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const refuse = (offset: number, problem: string, parts: ErrorParts = {}): never => {
    throw new LightbulbError('invalid_input', problem, { where: at(offset), ...parts });
  };

  // JSON is nearly YAML, so the YAML parser knows the positions in both. What counts as JSON, JSON.parse says.
  const isJson = extname(file).toLowerCase() === '.json';
  const value = isJson ? parseJson(text, refuse) : undefined;
  for (const error of document.errors) {
    if (!isJson || error.code === 'DUPLICATE_KEY') {
      const problem = error.code === 'DUPLICATE_KEY' ? 'the same key stands here a second time' : error.message;
      refuse(error.pos[0], problem, error.code === 'TAB_AS_INDENT' ? { cure: 'Indent with spaces' } : {});
    }
  }
  return {
    file,
    value: isJson ? value : document.toJS({ maxAliasCount: 100 }),
    where: (path) => `${at(offsetOf(document, path))}${path.length === 0 ? '' : ` ${pointer(path)}`}`,
  };
}

function parseJson(text: string, refuse: (offset: number, problem: string, parts?: ErrorParts) => never): unknown {
  const message = jsonError(text);
  if (message === undefined) return JSON.parse(text);
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return refuse(Number(position), `not JSON: ${message.replace(/ in JSON at .*$/s, '')}`);
  if (!UNPLACED.test(message)) return refuse(text.length, 'not JSON: the text ends too early');
  const offset = firstUnplaced(text);
  return refuse(offset, `not JSON: Unexpected token "${text[offset]}"`);
}

function jsonError(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** For a token that cannot stand where it stands, V8 quotes the text instead of giving the position. */
const UNPLACED = /^Unexpected token/;

/** Where that token is: the shortest beginning of the text that has this very error ends with it. */
function firstUnplaced(text: string): number {
  let low = 1;
  let high = text.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (UNPLACED.test(jsonError(text.slice(0, middle)) ?? '')) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

/** Where the value at `path` begins; for one in a map, where its key does. */
function offsetOf(document: Document, path: Path): number {
  let node: Node | null = isNode(document.contents) ? document.contents : null;
  let offset = node?.range?.[0] ?? 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = isNode(pair.value) ? pair.value : null;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(key)];
      if (!isNode(item)) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}
