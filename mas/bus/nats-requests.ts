import { createInbox, type Msg, type Subscription } from 'nats';
import { LightbulbError } from '../../core/index.ts';
import { noAnswer, nobody } from './memory.ts';
import { type NatsLink, translated } from './nats-link.ts';

interface Asked {
  readonly subject: string;
  readonly timeout: number;
  readonly resolve: (answer: Msg) => void;
  readonly reject: (error: LightbulbError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Requests that wait for their answers, all on one inbox. The client has the same, but makes an error with a stack for
 * every request, answered or not, which takes longer than the request.
 */
export class NatsRequests {
  private readonly asked = new Map<string, Asked>();
  private readonly inbox = `${createInbox()}.`;
  private listening: Subscription | undefined;
  private made = 0;

  constructor(private readonly link: NatsLink) {
    link.lifetime.atEnd(() => this.failAll(new LightbulbError('unavailable', 'this bus is closed')));
  }

  /** The first answer; `data` is not copied. */
  ask(subject: string, data: Uint8Array, timeout: number): Promise<Msg> {
    return new Promise((resolve, reject) => {
      const reply = `${this.inbox}${(++this.made).toString(36)}`;
      const timer = setTimeout(expire, timeout, this, reply);
      this.asked.set(reply, { subject, timeout, resolve, reject, timer });
      try {
        this.listen();
        this.link.connection.publish(subject, data, { reply });
      } catch (error) {
        this.settle(reply)?.reject(translated(error, subject));
      }
    });
  }

  /** The server does not let us write there. */
  refuse(subject: string): void {
    const error = new LightbulbError('unavailable', 'the NATS server does not allow this user to write there', {
      where: subject,
      cure: 'docs/bus.md lists the subjects that a user needs',
    });
    for (const [reply, asked] of [...this.asked]) if (asked.subject === subject) this.settle(reply)?.reject(error);
  }

  /** Whoever asked this waits no more. */
  settle(reply: string): Asked | undefined {
    const asked = this.asked.get(reply);
    if (asked === undefined) return undefined;
    clearTimeout(asked.timer);
    this.asked.delete(reply);
    return asked;
  }

  private listen(): void {
    this.listening ??= this.link.connection.subscribe(`${this.inbox}*`, {
      callback: (error, answer) => {
        if (error === null) return this.hear(answer);
        this.listening = undefined;
        this.failAll(translated(error, this.inbox));
      },
    });
  }

  private hear(answer: Msg): void {
    const { subject: reply } = answer;
    const isNobody = answer.data.length === 0 && answer.headers?.code === 503;
    const asked = this.settle(reply);
    if (isNobody) asked?.reject(nobody(asked.subject));
    else asked?.resolve(answer);
  }

  private failAll(error: LightbulbError): void {
    for (const reply of [...this.asked.keys()]) this.settle(reply)?.reject(error);
  }
}

function expire(requests: NatsRequests, reply: string): void {
  const asked = requests.settle(reply);
  asked?.reject(noAnswer(asked.subject, asked.timeout));
}
