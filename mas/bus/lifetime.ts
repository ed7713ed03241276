import { Subscription } from 'rxjs';
import { LightbulbError } from '../../core/index.ts';

/** From connecting to closing: what still waits is told when the end comes. */
export class Lifetime {
  private readonly open = new Subscription();

  get isOver(): boolean {
    return this.open.closed;
  }

  /** `unavailable` once the end has come. */
  check(): void {
    if (this.isOver) throw new LightbulbError('unavailable', 'this bus is closed');
  }

  /** Calls back at the end, at once where it has come already. Returns how to take that back. */
  atEnd(tell: () => void): () => void {
    const teardown = new Subscription(tell);
    this.open.add(teardown);
    return () => this.open.remove(teardown);
  }

  end(): void {
    this.open.unsubscribe();
  }
}
