export { describeMachine, type Machine } from './machine.ts';
export { allowsCpu, type GpuPlaces, type NvidiaGpu, nvidiaGpus, parseNvidiaSmi, visibleNvidiaGpus } from './nvidia.ts';
