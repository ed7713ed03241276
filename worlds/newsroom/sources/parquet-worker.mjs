/** A thread that reads a Parquet file for `parquet.ts`. Plain JavaScript, so that it starts without a TypeScript loader. */
import { workerData } from 'node:worker_threads';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

const { content, ready, port } = workerData;

async function read() {
  // Here, so that its absence is an answer too: the other side hears of nothing else.
  const { parquetMetadata, parquetReadObjects, parquetSchema } = await import('hyparquet');
  const file = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);
  const metadata = parquetMetadata(file);
  const columns = parquetSchema(metadata).children.map((child) => child.element.name);
  const wanted = columns.filter((name) => /^\s*(title|headline|description|text|body|tone|label)\s*$/i.test(name));
  const compressors = { GZIP: (input) => gunzipSync(input), BROTLI: (input) => brotliDecompressSync(input) };
  const rows = await parquetReadObjects({ file, metadata, columns: wanted, compressors });
  return { rows, columns };
}

try {
  port.postMessage(await read());
} catch (error) {
  port.postMessage({ error: error instanceof Error ? error.message : String(error) });
}
Atomics.store(ready, 0, 1);
Atomics.notify(ready, 0);
