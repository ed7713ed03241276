import * as tf from '@tensorflow/tfjs';

// tfjs's CPU backend prints an advertisement at its first tensor; standard output belongs to the program.
(tf.findBackend('cpu') as unknown as { firstUse: boolean }).firstUse = false;

export { tf };
