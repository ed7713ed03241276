import * as tf from '@tensorflow/tfjs';

// tfjs's CPU backend prints an advertisement at its first tensor; standard output belongs to the program. Choosing the
// backend here keeps tfjs from making another one, which would print it after all.
(tf.findBackend('cpu') as unknown as { firstUse: boolean }).firstUse = false;
void tf.setBackend('cpu');

export { tf };
