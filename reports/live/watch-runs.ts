import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { defer, exhaustMap, filter, finalize, merge, type Observable, Subject, throttleTime, timer } from 'rxjs';
import { findRuns } from './find-runs.ts';
import { LiveRun } from './live-run.ts';

/** The runs as they are now, and which of them are not as they were. */
export interface Change {
  readonly runs: readonly LiveRun[];
  readonly changed: readonly LiveRun[];
}

interface WatchOptions {
  /** Milliseconds between looks at every file, for file systems that do not tell of changes. */
  readonly poll?: number;
}

/**
 * The runs of some folders, first as they are, then whenever files of theirs grow or new ones begin. The system tells
 * of changes where it can; every `poll` milliseconds everything is looked at anyhow. Ends when unsubscribed.
 */
export function watchRuns(folders: readonly string[], { poll = 1000 }: WatchOptions = {}): Observable<Change> {
  return defer(() => {
    const set = new RunSet(folders);
    return merge(
      timer(0, poll),
      set.touched.pipe(throttleTime(150, undefined, { leading: false, trailing: true })),
    ).pipe(
      exhaustMap(() => set.refresh()),
      filter(({ changed }) => changed.length > 0),
      finalize(() => set.close()),
    );
  });
}

/** Files that are read at the same time. */
const AT_ONCE = 16;

class RunSet {
  readonly touched = new Subject<void>();
  private readonly folders: readonly string[];
  private readonly runs = new Map<string, LiveRun>();
  private readonly watchers = new Map<string, FSWatcher>();

  constructor(folders: readonly string[]) {
    this.folders = folders;
  }

  async refresh(): Promise<Change> {
    const fresh = new Set<LiveRun>();
    for (const folder of this.folders) {
      this.listen(folder);
      this.listen(join(folder, 'runs'));
      for (const found of findRuns(folder)) {
        if (this.runs.has(found.path)) continue;
        const run = new LiveRun({ ...found, id: String(this.runs.size) });
        this.runs.set(found.path, run);
        fresh.add(run);
      }
    }
    const runs = [...this.runs.values()];
    const changed = new Set<LiveRun>();
    for (let i = 0; i < runs.length; i += AT_ONCE) {
      await Promise.all(
        runs.slice(i, i + AT_ONCE).map(async (run) => {
          if (run.row.state === 'running' || run.row.state === 'waiting') this.listen(run.path);
          if ((await run.refresh()) || fresh.has(run)) changed.add(run);
        }),
      );
    }
    return { runs, changed: runs.filter((run) => changed.has(run)) };
  }

  close(): void {
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  /** Asks the system to tell of changes in a folder. Where it will not (too many, none yet), looking must do. */
  private listen(folder: string): void {
    if (this.watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => this.touched.next());
      watcher.on('error', () => {
        watcher.close();
        this.watchers.delete(folder);
      });
      this.watchers.set(folder, watcher);
    } catch {
      // Looked at with the others.
    }
  }
}
