import { type ScanEngine, scanEngine } from '../../src/scan/index.ts';

/** Every engine, for tests that all of them pass. */
export const engines: readonly ScanEngine[] = [scanEngine('typescript'), scanEngine('wasm')];
