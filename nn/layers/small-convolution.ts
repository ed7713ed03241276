/**
 * Convolutions of very small pictures as one product of matrices. The kernel, put down at each of its places, makes a matrix
 * [numbers of the picture, numbers of the result] that is zero elsewhere. Where a kernel covers much of the picture there
 * is little more to multiply, and none of the rearranging of pictures that a convolution's operators begin and end with.
 */
import { tf } from '../engine/tf.ts';

/** Height, width and channels of a picture; rows and columns between places of the kernel. */
export interface SmallConvolution {
  readonly picture: readonly [height: number, width: number, inputs: number];
  /** [height, width, inputs, outputs]. */
  readonly kernel: readonly [number, number, number, number];
  readonly strides: number;
}

/** How many times as much there may be to multiply, and how large the matrix may be. */
const MOST_WORK = 3;
const MOST_NUMBERS = 16_384;

export function isSmall(shapes: SmallConvolution): boolean {
  const { picture, kernel } = shapes;
  const [height, width, inputs] = picture;
  const [rows, columns] = placesOf(shapes);
  const numbers = height * width * inputs * rows * columns * kernel[3];
  return height * width <= MOST_WORK * kernel[0] * kernel[1] && numbers <= MOST_NUMBERS;
}

/** x: [B, height * width * inputs] -> [B, height' * width' * outputs]; the kernel stays inside the picture. */
export function convolveSmall(shapes: SmallConvolution, kernel: tf.Tensor, bias: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const [rows, columns] = placesOf(shapes);
  const matrix = spread(shapes, kernel);
  return tf.add(tf.matMul(x as tf.Tensor2D, matrix as tf.Tensor2D), tf.tile(bias, [rows * columns]));
}

export function placesOf({ picture, kernel, strides }: SmallConvolution): [rows: number, columns: number] {
  return [Math.floor((picture[0] - kernel[0]) / strides) + 1, Math.floor((picture[1] - kernel[1]) / strides) + 1];
}

/** The matrix, [numbers of the picture, numbers of the result]. */
function spread(shapes: SmallConvolution, kernel: tf.Tensor): tf.Tensor {
  const { matrix, size, indices, places } = whereabouts(shapes);
  const op = tf.customGrad((given) => {
    const flat = tf.concat([tf.reshape(given as tf.Tensor, [-1]), tf.zeros([1])], 0);
    const value = tf.reshape(tf.gather(flat, tf.tensor1d(indices, 'int32')), [...matrix]);
    // Each number of the kernel stands once at each place: its gradient is the sum over them.
    const gradFunc = (dy: tf.Tensor): tf.Tensor => {
      const held = tf.gather(tf.reshape(dy, [-1]), tf.tensor1d(places, 'int32'));
      return tf.reshape(tf.sum(tf.reshape(held, [-1, size]), 0), kernel.shape);
    };
    return { value, gradFunc };
  });
  return op(kernel);
}

function whereabouts(shapes: SmallConvolution) {
  const { picture, kernel, strides } = shapes;
  const [height, width, inputs] = picture;
  const [kernelHeight, kernelWidth, , outputs] = kernel;
  const [rows, columns] = placesOf(shapes);
  const size = kernelHeight * kernelWidth * inputs * outputs;
  const matrix = [height * width * inputs, rows * columns * outputs] as const;
  /** For each number of the matrix, which of the kernel's it is; `size` for none. */
  const indices = new Int32Array(matrix[0] * matrix[1]).fill(size);
  /** [places, size]: where the kernel's numbers stand in the matrix. */
  const places = new Int32Array(rows * columns * size);
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let number = 0; number < size; number++) {
        const output = number % outputs;
        const input = Math.floor(number / outputs) % inputs;
        const cell = Math.floor(number / (outputs * inputs));
        const y = row * strides + Math.floor(cell / kernelWidth);
        const x = column * strides + (cell % kernelWidth);
        const to = ((y * width + x) * inputs + input) * matrix[1] + (row * columns + column) * outputs + output;
        indices[to] = number;
        places[at++] = to;
      }
  return { matrix, size, indices, places };
}
