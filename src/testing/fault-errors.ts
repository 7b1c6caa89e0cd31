import { HttpError } from '../failures/index.ts';

/** A way in which a write fails. */
export type WriteFault = 'unreachable' | 'throttle' | 'refuse' | 'timeOut' | 'cut' | 'applyThenFail';

/** Whose errors are raised: those of `fetch` and of HTTP servers, of `pg`, or of `mysql2`. */
export type FaultStyle = 'http' | 'postgres' | 'mysql';

/** The errors of a style, as its clients raise them. */
export const FAULT_ERRORS: Readonly<Record<FaultStyle, Readonly<Record<WriteFault, () => Error>>>> = {
  http: {
    unreachable: () => fetchFailed(connectionRefused(443)),
    throttle: () => new HttpError(429, 'HTTP 429 Too Many Requests', 0),
    refuse: () => new HttpError(422, 'HTTP 422 Unprocessable Entity', undefined),
    timeOut: () =>
      fetchFailed(
        withFields(new Error('Headers Timeout Error'), {
          name: 'HeadersTimeoutError',
          code: 'UND_ERR_HEADERS_TIMEOUT',
        }),
      ),
    cut: () => fetchFailed(connectionReset()),
    applyThenFail: () =>
      fetchFailed(
        withFields(new Error('other side closed'), {
          name: 'SocketError',
          code: 'UND_ERR_SOCKET',
          socket: { bytesWritten: 1_024, bytesRead: 0 },
        }),
      ),
  },
  postgres: {
    unreachable: () => connectionRefused(5432),
    throttle: () => postgresError('53300', 'sorry, too many clients already', 'FATAL'),
    refuse: () => postgresError('23514', 'new row for relation "orders" violates check constraint', 'ERROR'),
    timeOut: () => new Error('Query read timeout'),
    cut: connectionReset,
    applyThenFail: () => new Error('Connection terminated unexpectedly'),
  },
  mysql: {
    unreachable: () => connectionRefused(3306),
    throttle: () => mysqlError(1040, 'ER_CON_COUNT_ERROR', '08004', 'Too many connections'),
    refuse: () =>
      mysqlError(
        1264,
        'ER_WARN_DATA_OUT_OF_RANGE',
        '22003',
        "Out of range value for column 'total' at row 1",
      ),
    timeOut: () =>
      withFields(new Error('Query inactivity timeout'), { code: 'PROTOCOL_SEQUENCE_TIMEOUT', fatal: true }),
    cut: connectionReset,
    applyThenFail: () =>
      withFields(new Error('Connection lost: The server closed the connection.'), {
        code: 'PROTOCOL_CONNECTION_LOST',
        fatal: true,
      }),
  },
};

function fetchFailed(cause: Error): Error {
  return new TypeError('fetch failed', { cause });
}

function connectionRefused(port: number): Error {
  const address = '127.0.0.1';
  const fields = { errno: -111, code: 'ECONNREFUSED', syscall: 'connect', address, port };
  return withFields(new Error(`connect ECONNREFUSED ${address}:${port}`), fields);
}

function connectionReset(): Error {
  return withFields(new Error('read ECONNRESET'), { errno: -104, code: 'ECONNRESET', syscall: 'read' });
}

function postgresError(code: string, message: string, severity: string): Error {
  return withFields(new Error(message), { name: 'error', code, severity });
}

function mysqlError(errno: number, code: string, sqlState: string, message: string): Error {
  return withFields(new Error(message), { errno, code, sqlState, sqlMessage: message });
}

function withFields(error: Error, fields: object): Error {
  return Object.assign(error, fields);
}
