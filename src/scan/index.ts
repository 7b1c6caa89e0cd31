import type { ScanEngine } from './engine.ts';
import { typeScriptEngine } from './typescript/engine.ts';
import { wasmEngine } from './wasm/engine.ts';
import { isSimdAvailable } from './wasm/scanner.ts';

export * from './engine.ts';
export * from './framer.ts';
export * from './json/key-dropper.ts';

let best: ScanEngine | undefined;

/**
 * The engine in use: SIMD in WebAssembly where that is there, else plain TypeScript. Both find the same.
 * @param name the engine to use instead, for tests and comparisons
 */
export function scanEngine(name?: ScanEngine['name']): ScanEngine {
  if (name === 'typescript') return typeScriptEngine;
  if (name === 'wasm') return wasmEngine;
  best ??= isSimdAvailable() ? wasmEngine : typeScriptEngine;
  return best;
}
