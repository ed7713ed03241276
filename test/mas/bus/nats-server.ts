import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why tests against a real server are skipped here; undefined where they run. */
export const whyNoNats: string | undefined =
  spawnSync('nats-server', ['--version']).error === undefined ? undefined : 'nats-server is not on the PATH';

export interface NatsServerOptions {
  /** False: a server without JetStream. */
  readonly hasJetStream?: boolean;
  /** Lines of a configuration file, for instance `authorization { token: x }`. */
  readonly config?: string;
}

/** A real NATS server on a port of its own, its data in a temporary folder that `stop` removes. */
export class NatsServer {
  private child: ChildProcess | undefined;
  private port = -1;
  private readonly folder = mkdtempSync(join(tmpdir(), 'lightbulb-nats-'));

  private constructor(private readonly options: NatsServerOptions) {}

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(options);
    await server.launch();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Where its data lies. */
  get store(): string {
    return join(this.folder, 'data');
  }

  /** Ends at once, as on a power cut; what was stored stays. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Up again on the same port, with the data it had, perhaps with another configuration. */
  async restart(options: NatsServerOptions = this.options): Promise<void> {
    await this.end('SIGKILL');
    await this.launch(options);
  }

  /** Stands still as behind a broken line: connections stay open, nobody answers. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async launch({ hasJetStream = true, config }: NatsServerOptions = this.options): Promise<void> {
    const ports = mkdtempSync(join(this.folder, 'ports-'));
    const args = ['-a', '127.0.0.1', '-p', `${this.port}`, '--ports_file_dir', ports];
    if (hasJetStream) args.push('-js', '-sd', this.store);
    if (config !== undefined) {
      const file = join(this.folder, 'server.conf');
      writeFileSync(file, config);
      args.push('-c', file);
    }
    const child = spawn('nats-server', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    // Tests that die take their server along.
    const takeAlong = (): unknown => child.kill('SIGKILL');
    process.once('exit', takeAlong);
    child.once('exit', () => process.off('exit', takeAlong));
    let log = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    this.child = child;
    const deadline = performance.now() + 15_000;
    for (;;) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`nats-server did not come up:\n${log}`);
      }
      const port = portIn(ports);
      if (port !== undefined && (await isListening(port))) {
        this.port = port;
        return;
      }
      await sleep(10);
    }
  }

  private async end(signal: 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill(signal);
    });
  }
}

/** The port in the file that the server writes once it has one; undefined while it is not there or half-written. */
function portIn(folder: string): number | undefined {
  const file = readdirSync(folder).find((name) => name.endsWith('.ports'));
  if (file === undefined) return undefined;
  try {
    const { nats } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { nats?: string[] };
    return nats?.[0] === undefined ? undefined : Number(/:(\d+)$/.exec(nats[0])?.[1]);
  } catch {
    return undefined;
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const tell = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', tell(true)); // the server greets first
    socket.once('error', tell(false));
    socket.once('close', tell(false));
  });
}
