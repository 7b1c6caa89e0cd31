import { type Failure, failureTable } from './failure.ts';

/** `code` (else `name`) of errors of Node, libuv, OpenSSL, undici and HTTP clients. Other tables may know better. */
export const NODE_CODES = failureTable({
  'not-applied': [
    // the connection was never made
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EAI_FAIL',
    'ESERVFAIL', // an answer of the name server
    'ETIMEOUT', // no answer of the name server
    'ENETUNREACH',
    'EHOSTUNREACH',
    'ENETDOWN',
    'EHOSTDOWN',
    'UND_ERR_CONNECT_TIMEOUT',
    'UND_ERR_PRX_CONN',
    'UND_ERR_SOCKS5_REPLY_1', // a proxy that could not reach the receiver
    'UND_ERR_SOCKS5_REPLY_3',
    'UND_ERR_SOCKS5_REPLY_4',
    'UND_ERR_SOCKS5_REPLY_5',
    'UND_ERR_SOCKS5_REPLY_6',
    'ERR_SOCKET_CONNECTION_TIMEOUT',
    'ERR_TLS_HANDSHAKE_TIMEOUT',
    // this machine is short of something for a moment
    'EADDRINUSE',
    'EADDRNOTAVAIL',
    'EMFILE',
    'ENFILE',
    'ENOBUFS',
    'EAGAIN',
    'EBUSY',
    'EINTR',
    // HTTP/2: the session was closing, so that no stream was opened for the request
    'ERR_HTTP2_GOAWAY_SESSION',
    'ERR_HTTP2_INVALID_SESSION',
  ],
  'unknown-outcome': [
    'ECONNRESET',
    'ECONNABORTED',
    'ENETRESET',
    'ENOTCONN',
    'EPIPE',
    'ETIMEDOUT',
    'ESOCKETTIMEDOUT',
    'ERR_STREAM_PREMATURE_CLOSE',
    'ERR_HTTP2_STREAM_ERROR',
    'ERR_HTTP2_SESSION_ERROR',
    'ERR_HTTP2_STREAM_CANCEL',
    'UND_ERR_SOCKET',
    'UND_ERR_HEADERS_TIMEOUT',
    'UND_ERR_BODY_TIMEOUT',
    'UND_ERR_INFO', // HTTP/2 timeouts arrive as this
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    'UND_ERR_HTTP_PARSER',
    'HTTPParserError', // undici gives it no code, only this name
  ],
  'run-wide': [
    // disk and files: after a failed fsync nobody knows what is on the disk
    'ENOSPC',
    'EDQUOT',
    'EROFS',
    'EFBIG',
    'EIO',
    'EACCES',
    'EPERM',
    'ENOENT',
    'EEXIST',
    'EISDIR',
    'ENOTDIR',
    'ENAMETOOLONG',
    'ELOOP',
    'ENOTEMPTY',
    'EXDEV',
    'EBADF',
    'ENXIO',
    'ENODEV',
    'ESTALE', // a network file system lost the file
    'EINVAL',
    // TLS: the same certificate will be shown again
    'EPROTO',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'CERT_REVOKED',
    'CERT_UNTRUSTED',
    'CERT_REJECTED',
    'CERT_SIGNATURE_FAILURE',
    'CERT_CHAIN_TOO_LONG',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'HOSTNAME_MISMATCH',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UND_ERR_PRX_TLS',
    // the client was used wrongly, or is shut down
    'UND_ERR_HEADERS_OVERFLOW',
    'UND_ERR_RES_EXCEEDED_MAX_SIZE',
    'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
    'UND_ERR_INVALID_ARG',
    'UND_ERR_INVALID_RETURN_VALUE',
    'UND_ERR_NOT_SUPPORTED',
    'UND_ERR_BPL_MISSING_UPSTREAM',
    'UND_ERR_MAX_ORIGINS_REACHED',
    'UND_ERR_CLOSED',
    'UND_ERR_DESTROYED',
  ],
  aborted: ['ABORT_ERR', 'UND_ERR_ABORTED', 'UND_ERR_ABORT', 'ERR_CANCELED'],
});

/** Families of codes: too many to list, all of one kind. */
export const NODE_CODE_PREFIXES = failureTable({
  'unknown-outcome': ['HPE_'], // llhttp could not read the answer: broken off in the middle, or not HTTP at all
  'run-wide': [
    'ERR_SSL_', // OpenSSL refuses what the other side offers
    'ERR_OSSL_',
    'ERR_TLS_',
    'UND_ERR_SOCKS5', // the proxy refuses
  ],
});

/** Codes that mean "certainly not applied" when the connection was only being made. */
export const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
]);

/** `syscall` of errors from before there was a connection. */
export const CONNECTION_CALLS: ReadonlySet<string> = new Set(['connect', 'getaddrinfo']);

/** What is hardly mended by waiting. */
export const FEW_RETRIES: ReadonlyMap<string, Pick<Failure, 'maxRetries' | 'maxRetriesAtFirst'>> = new Map([
  ['ENOTFOUND', { maxRetriesAtFirst: 1 }], // most often a typing error
  ['HPE_', { maxRetries: 1 }], // most often a port where something else listens
  ['UND_ERR_HTTP_PARSER', { maxRetries: 1 }],
  ['HTTPParserError', { maxRetries: 1 }],
]);
