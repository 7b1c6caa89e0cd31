import { once } from 'node:events';
import { createServer, type ServerOptions } from 'node:https';
import { type ConnectionOptions, connect } from 'node:tls';
import { beforeEach, describe, onTestFinished, test } from 'vitest';
import { type Certificates, makeCertificates } from './certificates.ts';
import { errorOf, expectFailure } from './expect-failure.ts';
import { listen } from './servers.ts';

const made = makeCertificates();

type Row = readonly [
  what: string,
  code: string | RegExp,
  server: (made: Certificates) => ServerOptions,
  client?: (made: Certificates) => ConnectionOptions,
];

const trusting = ({ authority }: Certificates) => ({ ca: authority.cert });
const chained = ({ authority, good }: Certificates) => ({ key: good.key, cert: good.cert + authority.cert });

const ROWS: readonly Row[] = [
  ['was signed by itself', 'DEPTH_ZERO_SELF_SIGNED_CERT', ({ authority }) => authority],
  ['was signed by somebody unknown', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', ({ good }) => good],
  ['was signed by somebody who is only known by himself', 'SELF_SIGNED_CERT_IN_CHAIN', chained],
  ['has expired', 'CERT_HAS_EXPIRED', ({ expired }) => expired, trusting],
  ['is not valid yet', 'CERT_NOT_YET_VALID', ({ early }) => early, trusting],
  ['is for another host', 'ERR_TLS_CERT_ALTNAME_INVALID', ({ misnamed }) => misnamed, trusting],
];

const REFUSED: readonly Row[] = [
  [
    'wants a certificate of ours',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    ({ good }) => ({ ...good, requestCert: true }),
    trusting,
  ],
  [
    'speaks an older version only',
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    ({ good }) => ({ ...good, maxVersion: 'TLSv1.2' }),
    (all) => ({ ...trusting(all), minVersion: 'TLSv1.3' }),
  ],
  [
    'knows no cipher of ours',
    /^ERR_SSL_(?:SSL\/TLS|SSLV3)_ALERT_HANDSHAKE_FAILURE$/, // of Node 24 and 22
    ({ good }) => ({ ...good, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
    (all) => ({ ...trusting(all), maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }),
  ],
];

describe.each([
  ['whose certificate', ROWS],
  ['that', REFUSED],
])('a server %s', (_, rows) => {
  beforeEach(({ skip }) => skip(made === undefined, 'openssl, which makes certificates, is missing'));

  test.for(rows)('%s: %s, about the run', async ([, code, server, client]) => {
    const port = await listen(createServer(server(made!)).on('tlsClientError', () => undefined));
    const error = await errorOf(() => greet({ port, ...client?.(made!) }));
    await expectFailure(error, { kind: 'run-wide', why: code });
  });
});

/** With TLS 1.3 a refusal comes after the handshake. */
async function greet(options: ConnectionOptions): Promise<void> {
  const socket = connect({ host: '127.0.0.1', servername: 'localhost', ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await once(socket, 'data');
}
