export { coverLandmarks } from './cover-landmarks.ts';
export { type SimpleSpreadOptions, simpleSpread } from './spread.ts';
