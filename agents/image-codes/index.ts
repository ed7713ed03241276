export { loadImageCodes, saveImageCodes } from './folder.ts';
export { ImageCodes, type ImageCodesOf } from './image-codes.ts';
export { type ImageCodesCheckpoint, ImageCodesLearner, type ImageCodesMetrics } from './learner.ts';
export {
  checkImageCodesOptions,
  checkImageCodesTraining,
  type ImageCodesOptions,
  type ImageCodesTraining,
  imageCodesDefaults,
  imageCodesTrainingDefaults,
} from './options.ts';
export { type PictureSource, recordedPictures, shuffledPictures } from './pictures.ts';
export { type TrainImageCodes, trainImageCodes } from './train.ts';
