import { failureTable } from './failure.ts';

/** Status codes of an answer to a write. Others below 500 are about the run, others from 500 on of unknown outcome. */
export const HTTP_STATUSES = failureTable({
  'not-applied': [
    408, // the server did not get the request in time
    421, // nor is it the right one
    425, // nor does it want it in early data
    521, // Cloudflare: the origin refused the connection
    523, // Cloudflare: the origin is unreachable
  ],
  'unknown-outcome': [
    500,
    502, // the proxy lost the answer
    504, // the proxy did not wait for it
    520,
    522,
    524,
    598,
  ],
  throttled: [429, 503, 529],
  'too-large': [413],
  'bad-records': [400, 409, 415, 422],
  'run-wide': [
    401,
    402,
    403,
    404,
    405,
    406,
    407,
    410,
    411,
    412,
    414,
    417,
    426,
    428,
    431,
    451,
    501,
    505,
    506,
    507,
    508,
    509,
    510,
    511,
    525, // Cloudflare: TLS with the origin
    526,
  ],
});
