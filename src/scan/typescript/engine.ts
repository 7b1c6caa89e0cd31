import { CsvFramer } from '../csv/csv-framer.ts';
import type { ScanEngine } from '../engine.ts';
import { JsonFramer } from '../json/json-framer.ts';
import { doubtfulCsv } from './check-csv.ts';
import { doubtfulJson } from './check-json.ts';
import { countLines } from './count-lines.ts';
import { TypeScriptCsvProjector } from './csv-projector.ts';
import { TypeScriptCsvRun } from './csv-run.ts';
import { TypeScriptRecordRun } from './json-record-run.ts';
import { unplainJson } from './plain-json.ts';
import { validateJson } from './validate-json.ts';

/** Plain loops over the bytes, for where SIMD in WebAssembly is missing. */
export const typeScriptEngine: ScanEngine = {
  name: 'typescript',
  jsonFramer: (options) => new JsonFramer(options, new TypeScriptRecordRun(options.maxDepth)),
  csvFramer: (options) => new CsvFramer(new TypeScriptCsvRun(options)),
  doubtfulJson,
  validateJson,
  unplainJson,
  jsonProjector: () => undefined,
  jsonKeyDropper: () => undefined,
  doubtfulCsv,
  csvProjector: (options) => new TypeScriptCsvProjector(options),
  csvToJson: () => undefined,
  countLines,
};
