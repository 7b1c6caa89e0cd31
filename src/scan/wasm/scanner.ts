import { TABLE } from '../json/table.ts';
import { MODULE } from './module.ts';

const STATE_LENGTH = 16;

/** A function that counts the bits of a vector: `(func (result v128) (i8x16.popcnt (i8x16.splat (i32.const 0))))`. */
const SIMD_MODULE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
  11,
];

/** The compiled scanner: a window for the bytes, numbers that go in and out, and where the records are. */
export interface Scanner {
  /** Room for the bytes to be framed. */
  readonly window: Uint8Array;
  /** Room for the bytes to be checked or projected. It begins where `window` does, and holds nothing from call to call either. */
  readonly longWindow: Uint8Array;
  readonly state: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Greatest depth of nesting that it can validate. */
  readonly maxDepth: number;
  readonly frameJson: (length: number, shift: number) => number;
  readonly frameCsv: (length: number, shift: number) => void;
  readonly walkJson: (
    count: number,
    length: number,
    shift: number,
    maxDepth: number,
    mostDigits: number,
    nodes: number,
    fieldCount: number,
    isStrict: boolean,
  ) => number;
  readonly countLines: (length: number, shift: number, count: number, first: number) => number;
  readonly isPlainJson: (from: number, to: number, mostBrackets: number) => number;
  /** The wanted keys: their tree, their bytes, the field of each column. */
  readonly nodeArea: Int32Array;
  readonly nodesAt: number;
  /** Bytes of a node. */
  readonly nodeSize: number;
  readonly keyArea: Uint8Array;
  readonly keysAt: number;
  readonly columnArea: Int32Array;
  /** The fields of records: where each begins in the bytes, its length, its kind. */
  readonly fieldArea: Int32Array;
  readonly rowArea: Uint8Array;
  /** The room of `rowArea`, for places of fields. */
  readonly placeArea: Int32Array;
  readonly putRows: (
    first: number,
    count: number,
    shift: number,
    layout: number,
    delimiter: number,
    fieldCount: number,
    columns: number,
  ) => number;
  readonly dropKeys: (count: number, length: number, shift: number, most: number) => number;
  readonly indexCsv: (length: number, delimiter: number, quote: number) => number;
  readonly checkCsv: (count: number, shift: number, width: number) => number;
  readonly projectCsv: (
    index: number,
    count: number,
    shift: number,
    layout: number,
    outDelimiter: number,
    delimiter: number,
    quote: number,
    columns: number,
    isCast: boolean,
  ) => number;
  readonly csvToJson: (
    index: number,
    count: number,
    shift: number,
    quote: number,
    columns: number,
    keyBytes: number,
    isCast: boolean,
    behind: number,
  ) => number;
  readonly locateCsv: (index: number, count: number, shift: number, quote: number, columns: number) => number;
}

/** Whether SIMD in WebAssembly is there: asks for a small function that needs it. */
export function isSimdAvailable(): boolean {
  return WebAssembly.validate(Uint8Array.from(SIMD_MODULE));
}

let loaded: Scanner | undefined;

/** The one scanner of this thread. All that it is told to keep lies with whoever calls it, so all framers can share it. */
export function scanner(): Scanner {
  loaded ??= load();
  return loaded;
}

function load(): Scanner {
  const module = new WebAssembly.Module(Buffer.from(MODULE, 'base64'));
  const exports = new WebAssembly.Instance(module).exports as ScannerExports;
  const { buffer } = exports.memory;
  new Uint8Array(buffer).set(TABLE, exports.TABLE.value);
  return {
    window: new Uint8Array(buffer, exports.WINDOW.value, exports.WINDOW_SIZE.value),
    longWindow: new Uint8Array(buffer, exports.WINDOW.value, exports.LONG_WINDOW_SIZE.value),
    state: new Int32Array(buffer, exports.STATE.value, STATE_LENGTH),
    starts: new Int32Array(buffer, exports.STARTS.value, exports.WINDOW_SIZE.value),
    ends: new Int32Array(buffer, exports.ENDS.value, exports.WINDOW_SIZE.value),
    maxDepth: exports.STACK_SIZE.value / exports.ENTRY.value - 2,
    frameJson: exports.frameJson,
    frameCsv: exports.frameCsv,
    walkJson: exports.walkJson,
    isPlainJson: exports.isPlainJson,
    countLines: exports.countLines,
    nodeArea: new Int32Array(buffer, exports.NODES.value, exports.NODES_SIZE.value / 4),
    nodesAt: exports.NODES.value,
    nodeSize: exports.NODE_SIZE.value,
    keyArea: new Uint8Array(buffer, exports.KEYS.value, exports.KEYS_SIZE.value),
    keysAt: exports.KEYS.value,
    columnArea: new Int32Array(buffer, exports.COLUMNS.value, exports.COLUMNS_SIZE.value / 4),
    fieldArea: new Int32Array(buffer, exports.FIELDS.value, exports.FIELDS_SIZE.value / 4),
    rowArea: new Uint8Array(buffer, exports.OUT.value),
    placeArea: new Int32Array(buffer, exports.OUT.value),
    putRows: exports.putRows,
    dropKeys: exports.dropKeys,
    indexCsv: exports.indexCsv,
    checkCsv: exports.checkCsv,
    projectCsv: exports.projectCsv,
    csvToJson: exports.csvToJson,
    locateCsv: exports.locateCsv,
  };
}

interface ScannerExports
  extends Pick<
      Scanner,
      'frameJson' | 'frameCsv' | 'walkJson' | 'isPlainJson' | 'putRows' | 'dropKeys' | 'countLines'
    >,
    Pick<Scanner, 'indexCsv' | 'checkCsv' | 'projectCsv' | 'csvToJson' | 'locateCsv'>,
    Readonly<Record<'STATE' | 'TABLE' | 'WINDOW' | 'STARTS' | 'ENDS' | 'OUT', Global>>,
    Readonly<Record<'WINDOW_SIZE' | 'LONG_WINDOW_SIZE' | 'STACK_SIZE' | 'ENTRY', Global>>,
    Readonly<Record<'NODES' | 'NODES_SIZE' | 'NODE_SIZE' | 'KEYS' | 'KEYS_SIZE', Global>>,
    Readonly<Record<'COLUMNS' | 'COLUMNS_SIZE' | 'FIELDS' | 'FIELDS_SIZE', Global>> {
  readonly memory: { readonly buffer: ArrayBuffer };
}

interface Global {
  readonly value: number;
}

/** What is used of WebAssembly; the types of Node.js do not declare it. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};
