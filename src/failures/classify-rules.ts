import { AMBIGUOUS_CODES } from './ambiguous-codes.ts';
import { DRIVER_CODES, DRIVER_MESSAGES, VAGUE_MESSAGES } from './driver-errors.ts';
import {
  ELASTICSEARCH_CLIENT_NAMES,
  ELASTICSEARCH_CONNECTIONS,
  ELASTICSEARCH_TYPES,
  ELASTICSEARCH_WAITS,
} from './elasticsearch-errors.ts';
import type { ErrorFields, Rule } from './error-fields.ts';
import { type Failure, worstOf } from './failure.ts';
import { HTTP_STATUSES } from './http-statuses.ts';
import { MONGODB_CODES, MONGODB_DRIVER_NAMES, MONGODB_LABELS, MONGODB_NAMES } from './mongodb-errors.ts';
import { MYSQL_ERRORS } from './mysql-errors.ts';
import {
  CONNECTION_CALLS,
  CONNECTION_CODES,
  FEW_RETRIES,
  NODE_CODE_PREFIXES,
  NODE_CODES,
} from './node-codes.ts';
import { REDIS_REPLIES } from './redis-errors.ts';
import { SQL_STATE_CLASSES, SQL_STATES } from './sql-states.ts';
import { SQLITE_ERRORS, SQLITE_NAMES } from './sqlite-errors.ts';

/** An abort that a timeout caused is a timeout: Node wraps the reason of the signal. */
const byAbort: Rule = ({ name, cause }) => {
  const isTimeout = name === 'TimeoutError' || (cause as Error | undefined)?.name === 'TimeoutError';
  if (name === 'TimeoutError' || (name === 'AbortError' && isTimeout))
    return { kind: 'unknown-outcome', why: 'timeout' };
  return name === 'AbortError' ? { kind: 'aborted', why: 'abort' } : undefined;
};

const byMongoLabel: Rule = ({ errorLabels }) => {
  if (!Array.isArray(errorLabels)) return undefined;
  const found = MONGODB_LABELS.find(([labels]) => labels.every((label) => errorLabels.includes(label)));
  return found && { kind: found[1], why: found[0].join(' and ') };
};

const byElasticsearchType: Rule = ({ type, error, body }) => {
  const types = [type, error?.type, body?.error?.type];
  const known = types.find((each) => typeof each === 'string' && ELASTICSEARCH_TYPES.has(each));
  if (typeof known !== 'string') return undefined;
  const retryAfterMs = ELASTICSEARCH_WAITS.get(known);
  const kind = ELASTICSEARCH_TYPES.get(known)!;
  return { kind, why: known, ...(retryAfterMs !== undefined && { retryAfterMs }) };
};

const byElasticsearchClient: Rule = ({ name, message, meta }) => {
  if (typeof name !== 'string' || (name === 'ConnectionError' && meta === undefined)) return undefined;
  const kind = ELASTICSEARCH_CLIENT_NAMES.get(name);
  if (kind === undefined || name !== 'ConnectionError') return kind && { kind, why: name };
  const [, means] = ELASTICSEARCH_CONNECTIONS.find(([words]) => words.test(String(message))) ?? [];
  return { kind, why: name, ...means };
};

const byAmbiguousCode: Rule = ({ code, message }) => {
  const found = AMBIGUOUS_CODES.find(([each, words]) => each === code && words.test(String(message)));
  return found && { kind: found[2], why: `${found[0]} (${String(message)})` };
};

/** Nothing was sent while the connection was being made, nor on a socket that has written no byte. */
const byConnection: Rule = ({ code, syscall, socket }) => {
  if (typeof code !== 'string') return undefined;
  const isConnecting = CONNECTION_CODES.has(code) && CONNECTION_CALLS.has(String(syscall));
  const isUnsent = code === 'UND_ERR_SOCKET' && socket?.bytesWritten === 0;
  return isConnecting || isUnsent
    ? { kind: 'not-applied', why: `${code} before anything was sent` }
    : undefined;
};

const byNodeCode: Rule = ({ name, code = name }) => {
  if (typeof code !== 'string') return undefined;
  const row = NODE_CODES.has(code)
    ? code
    : [...NODE_CODE_PREFIXES.keys()].find((prefix) => code.startsWith(prefix));
  if (row === undefined) return undefined;
  const kind = NODE_CODES.get(row) ?? NODE_CODE_PREFIXES.get(row)!;
  return { kind, why: code, ...FEW_RETRIES.get(row) };
};

const byStatus: Rule = ({ status, statusCode, response }) => {
  const statuses = [status, statusCode, response?.status, response?.statusCode];
  const number = statuses.find((each) => typeof each === 'number');
  if (typeof number !== 'number' || number < 300 || number > 599) return undefined;
  const kind = HTTP_STATUSES.get(String(number)) ?? (number >= 500 ? 'unknown-outcome' : 'run-wide');
  return { kind, why: `HTTP ${number}` };
};

/** mysql2 and mariadb give `errno` beside `sqlState`; libuv's own numbers are negative. */
const byMySql: Rule = ({ errno, sqlState, code }) => {
  const isMySql = sqlState !== undefined || (typeof code === 'string' && code.startsWith('ER_'));
  const kind = isMySql && typeof errno === 'number' ? MYSQL_ERRORS.get(String(errno)) : undefined;
  return kind && { kind, why: `MySQL ${String(errno)}` };
};

const bySqlState: Rule = ({ code, sqlState }) => {
  const state = [code, sqlState].find((each) => typeof each === 'string' && /^[0-9A-Z]{5}$/.test(each));
  if (typeof state !== 'string') return undefined;
  const kind = SQL_STATES.get(state) ?? SQL_STATE_CLASSES.get(state.slice(0, 2));
  return kind && { kind, why: `SQLSTATE ${state}` };
};

const bySqlite: Rule = ({ code, errcode }) => {
  const isNumbered = code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number';
  if (!isNumbered && !(typeof code === 'string' && code.startsWith('SQLITE_'))) return undefined;
  const name = isNumbered ? SQLITE_NAMES.get(errcode & 0xff) : code.split('_', 2).join('_');
  const kind = name === undefined ? undefined : SQLITE_ERRORS.get(name);
  return kind && { kind, why: isNumbered ? `${name} (${errcode})` : code };
};

/** The error of a bulk has the code of its first error only, or none. */
const byMongo: Rule = ({ name, code, writeErrors }) => {
  if (typeof name !== 'string') return undefined;
  const kind = MONGODB_DRIVER_NAMES.get(name);
  if (kind !== undefined) return { kind, why: name };
  if (!MONGODB_NAMES.has(name)) return undefined;
  const parts = writeErrors instanceof Map ? [...writeErrors.values()] : writeErrors;
  const codes = Array.isArray(parts) ? parts.map((part: ErrorFields) => part.code) : [];
  return worstOf((codes.length === 0 && code !== undefined ? [code] : codes).map(byMongoCode));
};

function byMongoCode(code: unknown): Failure {
  return { kind: MONGODB_CODES.get(String(code)) ?? 'unrecognised', why: `MongoDB ${String(code)}` };
}

const byDriverCode: Rule = ({ code }) => {
  const kind = typeof code === 'string' ? DRIVER_CODES.get(code) : undefined;
  return kind && { kind, why: String(code) };
};

const byDriverMessage: Rule = ({ code, message }) =>
  code === undefined ? messageIn([...DRIVER_MESSAGES, ...REDIS_REPLIES], message) : undefined;

const byVagueMessage: Rule = ({ code, message }) =>
  code === undefined ? messageIn(VAGUE_MESSAGES, message) : undefined;

function messageIn(table: typeof DRIVER_MESSAGES, message: unknown): ReturnType<Rule> {
  if (typeof message !== 'string') return undefined;
  const found = table.find(([words]) => words.test(message));
  return found && { kind: found[1], why: message };
}

/** The first rule that knows an error decides: names and labels before numbers, numbers before messages. */
export const RULES: readonly Rule[] = [
  byAbort,
  byMongoLabel,
  byElasticsearchType,
  byElasticsearchClient,
  byAmbiguousCode,
  byConnection,
  byNodeCode,
  byStatus,
  byMySql,
  bySqlState,
  bySqlite,
  byMongo,
  byDriverCode,
  byDriverMessage,
];

/** Asked when not even the cause says more. */
export const VAGUE_RULES: readonly Rule[] = [byVagueMessage];
