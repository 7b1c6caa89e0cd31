import { CsvFramer } from '../csv/csv-framer.ts';
import type { ScanEngine } from '../engine.ts';
import { JsonFramer } from '../json/json-framer.ts';
import { doubtfulCsv } from './check-csv.ts';
import { doubtfulJson } from './check-json.ts';
import { countLines } from './count-lines.ts';
import { WasmCsvProjector } from './csv-projector.ts';
import { WasmCsvRun } from './csv-run.ts';
import { WasmCsvToJson } from './csv-to-json.ts';
import { WasmJsonKeyDropper } from './json-key-dropper.ts';
import { WasmJsonProjector } from './json-projector.ts';
import { WasmRecordRun } from './json-record-run.ts';
import { unplainJson } from './plain-json.ts';
import { validateJson } from './validate-json.ts';

/** Sixty-four bytes at a time, where SIMD in WebAssembly is there. */
export const wasmEngine: ScanEngine = {
  name: 'wasm',
  jsonFramer: (options) => new JsonFramer(options, new WasmRecordRun(options.maxDepth)),
  csvFramer: (options) => new CsvFramer(new WasmCsvRun(options)),
  doubtfulJson,
  validateJson,
  unplainJson,
  jsonProjector: (options) => WasmJsonProjector.create(options),
  jsonKeyDropper: (shape) => WasmJsonKeyDropper.create(shape),
  doubtfulCsv,
  csvProjector: (options) => WasmCsvProjector.create(options),
  csvToJson: (options) => WasmCsvToJson.create(options),
  countLines,
};
