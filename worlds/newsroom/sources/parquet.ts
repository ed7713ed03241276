import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { LightbulbError } from '../../../core/index.ts';
import { areColumns, articleOfFields, type SourceArticle } from './source-article.ts';

/** No file takes longer; a thread that died without a word must not hold everything up for ever. */
const PATIENCE_MS = 120_000;

interface Answer {
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
  readonly columns?: readonly string[];
  readonly error?: string;
}

/**
 * The articles of a Parquet file, by the names of its columns (see `articleOfFields`); uncompressed, Snappy, gzip or
 * Brotli. The reader is asynchronous and environments are made synchronously: a thread reads, and this one sleeps.
 */
export function parquetArticles(path: string, content: Buffer): SourceArticle[] {
  const { rows, columns, error } = readApart(content);
  if (error !== undefined)
    throw new LightbulbError('invalid_input', 'this is no Parquet file that can be read', { where: path, got: error });
  if (!areColumns(columns!))
    throw new LightbulbError('invalid_input', 'these columns are no articles', {
      where: path,
      wanted: 'title, and description, text or body',
      got: columns!.join(', '),
    });
  return rows!.map((row, i) => articleOfFields(row, `${path}, row ${i + 1}`));
}

function readApart(content: Buffer): Answer {
  const { port1: here, port2: there } = new MessageChannel();
  const ready = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./parquet-worker.mjs', import.meta.url), {
    workerData: { content, ready, port: there },
    transferList: [there],
    // Whatever loads TypeScript here is not needed there.
    execArgv: [],
  });
  try {
    Atomics.wait(ready, 0, 0, PATIENCE_MS);
    const received = receiveMessageOnPort(here) as { readonly message: Answer } | undefined;
    return received?.message ?? { error: 'the reading thread gave no answer' };
  } finally {
    here.close();
    worker.unref();
    void worker.terminate();
  }
}
