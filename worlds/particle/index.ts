export { coverLandmarks } from './cover-landmarks.ts';
export { type SimpleReferenceOptions, simpleReference } from './reference.ts';
export { type SimpleSpeakerListenerOptions, simpleSpeakerListener } from './speaker-listener.ts';
export { type SimpleSpreadOptions, simpleSpread } from './spread.ts';
export { type SimpleTagOptions, simpleTag } from './tag.ts';
