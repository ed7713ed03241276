import { tf } from './tf.ts';

/** What `tf.setBackend` sets, without its set-up of every kernel of the backend, which costs a small network's time. */
interface BackendChoice {
  backendName: string | undefined;
  backendInstance: tf.KernelBackend | null;
}

/** Runs `body` on a tfjs backend that is initialised already, and then puts back the one that was chosen before. */
export function onBackend<Result>(name: string, body: () => Result): Result {
  const choice = tf.engine() as unknown as BackendChoice;
  const { backendName, backendInstance } = choice;
  choice.backendInstance = tf.findBackend(name);
  choice.backendName = name;
  try {
    return body();
  } finally {
    choice.backendName = backendName;
    choice.backendInstance = backendInstance;
  }
}

/** Runs an asynchronous set-up that changes tfjs's backend, and then puts back the one that was chosen before. */
export async function keepingBackend(setUp: () => Promise<void>): Promise<void> {
  const choice = tf.engine() as unknown as BackendChoice;
  const { backendName, backendInstance } = choice;
  try {
    await setUp();
  } finally {
    choice.backendName = backendName;
    choice.backendInstance = backendInstance;
  }
}
