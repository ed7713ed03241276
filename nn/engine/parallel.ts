import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { LightbulbError } from '../../core/index.ts';
import type { Program, Values } from './program.ts';
import type { Data, Value } from './value.ts';

/** A program and the arrays it is to run on: what `Program.bind` takes. */
export interface Run {
  readonly program: Program;
  readonly inputs: Values;
  readonly outputs: Values;
}

/** How often to look before going to sleep: shards end together, and waking takes longer than the rest of one. */
const SPINS = 300_000;

/** The states of a thread's control word; the same numbers stand in `shard-worker.mjs`. */
const IDLE = 0;
const LOAD = 1;
const RUN = 2;
const FAILED = 3;

/**
 * Ties runs together: each call of the result runs all of them at the same time, the first on this thread and each
 * other one on a thread of its own, and returns when all are done. Made for the shards of a batch: small operators
 * gain nothing from threads inside them, whole shards do. Programs without an ONNX model (the eager executor) run one
 * after the other.
 */
export function bindTogether(runs: readonly Run[]): () => void {
  const [first, ...others] = runs;
  if (first === undefined) throw new LightbulbError('internal', 'nothing was given to run together');
  const own = first.program.bind(first.inputs, first.outputs);
  const models = others.map(({ program, inputs }) => program.model(inputs));
  if (models.includes(undefined)) {
    const rest = others.map(({ program, inputs, outputs }) => program.bind(inputs, outputs));
    return () => {
      own();
      for (const run of rest) run();
    };
  }
  const remote = others.map((run, i) => threadOf(i).bind(models[i]!, run));
  return () => {
    for (const { start } of remote) start();
    own();
    for (const { finish } of remote) finish();
  };
}

const threads: ShardThread[] = [];

function threadOf(index: number): ShardThread {
  threads[index] ??= new ShardThread();
  return threads[index];
}

/** One worker thread and the programs loaded into it. It dies with the process and does not keep it alive. */
class ShardThread {
  private readonly control = new Int32Array(new SharedArrayBuffer(8));
  private readonly port: MessagePort;
  private loaded = 0;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const worker = new Worker(new URL('./shard-worker.mjs', import.meta.url), {
      workerData: { control: this.control, port: port2 },
      transferList: [port2],
      execArgv: [],
    });
    worker.unref();
    port1.unref();
  }

  bind(model: Uint8Array, { inputs, outputs }: Run): { readonly start: () => void; readonly finish: () => void } {
    const reads = Object.entries(inputs).map(([name, value]) => shared(name, value));
    const writes = Object.entries(outputs).map(([name, value]) => shared(`out/${name}`, value));
    const describe = ({ name, value, memory }: SharedValue): object => ({
      name,
      dtype: value.dtype,
      shape: value.shape,
      shared: memory,
    });
    this.port.postMessage({ model, threads: 1, inputs: reads.map(describe), outputs: writes.map(describe) });
    this.order(LOAD);
    this.wait();
    const id = this.loaded++;
    return {
      start: () => {
        for (const { memory, value } of reads) memory.set(value.data);
        Atomics.store(this.control, 1, id);
        this.order(RUN);
      },
      finish: () => {
        this.wait();
        for (const { memory, value } of writes) value.data.set(memory);
      },
    };
  }

  private order(what: number): void {
    Atomics.store(this.control, 0, what);
    Atomics.notify(this.control, 0);
  }

  private wait(): void {
    for (let spin = 0; spin < SPINS && Atomics.load(this.control, 0) > IDLE; spin++);
    for (;;) {
      const state = Atomics.load(this.control, 0);
      if (state === IDLE) return;
      if (state === FAILED) {
        Atomics.store(this.control, 0, IDLE);
        const message: unknown = receiveMessageOnPort(this.port)?.message;
        throw new LightbulbError('internal', `a shard failed: ${String(message)}`);
      }
      Atomics.wait(this.control, 0, state);
    }
  }
}

interface SharedValue {
  readonly name: string;
  readonly value: Value;
  readonly memory: Data;
}

function shared(name: string, value: Value): SharedValue {
  const Typed = value.data.constructor as new (buffer: SharedArrayBuffer) => Data;
  return { name, value, memory: new Typed(new SharedArrayBuffer(value.data.byteLength)) };
}
