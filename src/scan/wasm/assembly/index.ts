export { countLines } from './count-lines';
export { indexCsv } from './csv-fields';
export { csvToJson } from './csv-to-json';
export { dropKeys } from './drop-keys';
export { frameCsv } from './frame-csv';
export { frameJson } from './frame-json';
export {
  COLUMNS,
  COLUMNS_SIZE,
  ENDS,
  FIELDS,
  FIELDS_SIZE,
  KEYS,
  KEYS_SIZE,
  LONG_WINDOW_SIZE,
  NODES,
  NODES_SIZE,
  OUT,
  STACK_SIZE,
  STARTS,
  STATE,
  TABLE,
  WINDOW,
  WINDOW_SIZE,
} from './layout';
export { NODE_SIZE } from './members';
export { isPlainJson } from './plain-json';
export { checkCsv, locateCsv, projectCsv } from './project-csv';
export { putRows } from './project-rows';
export { ENTRY, walkJson } from './walk-json';
