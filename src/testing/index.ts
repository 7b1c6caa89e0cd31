export { type ChunkOfOptions, chunkOf } from './chunk-of.ts';
export { type CollectingSink, type CollectingSinkOptions, collectingSink } from './collecting-sink.ts';
export type { ContractRecord } from './contract-records.ts';
export type { FaultStyle } from './fault-errors.ts';
export { type FaultProxy, type FaultProxyOptions, faultProxy } from './fault-proxy.ts';
export {
  type FaultRates,
  type FaultySink,
  type FaultySinkOptions,
  faultySink,
  type InjectedFault,
} from './faulty-sink.ts';
export { type ContractCheck, sinkContract } from './sink-contract.ts';
export type { SinkFeature, SinkHarness } from './sink-harness.ts';
export type { Direction, Toxic, ToxicScope } from './toxic.ts';
