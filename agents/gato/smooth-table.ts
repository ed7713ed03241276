import type { Stream } from '../../core/index.ts';
import type { Value } from '../../nn/index.ts';
import type { IdRange } from '../tokens/index.ts';

export declare function smoothTable(stream: Stream, table: Value, range: IdRange, deviation: number): void;
