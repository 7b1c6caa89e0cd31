export { checkJson } from './check-json';
export { frameCsv } from './frame-csv';
export { frameJson } from './frame-json';
export { indexJson } from './index-json';
export {
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
export { isPlainJson } from './plain-json';
export { beginRecords, COLUMNS, locateFields, projectRows } from './project-json';
