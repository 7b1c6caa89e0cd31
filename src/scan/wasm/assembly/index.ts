export { frameCsv } from './frame-csv';
export { frameJson } from './frame-json';
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
  PROJECT_SIZE,
  STACK_SIZE,
  STARTS,
  STATE,
  TABLE,
  WINDOW,
  WINDOW_SIZE,
} from './layout';
export { isPlainJson } from './plain-json';
export { COLUMNS, indexJson, locateFields, projectRow } from './project-json';
export { isJson } from './validate-json';
