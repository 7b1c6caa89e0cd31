import { beforeAll, describe, onTestFinished, test } from 'vitest';
import { type Expected, errorOf, expectFailure } from './expect-failure.ts';
import { deadPort, serve, serveRaw } from './servers.ts';

type Row = readonly [what: string, url: () => Promise<string>, Expected, init?: () => RequestInit];

type Dispatcher = NonNullable<RequestInit['dispatcher']>;

/** Its parser finds more of what is wrong than its client does. */
const isNode22 = process.versions.node.startsWith('22.');
const unknown = (why: string): Expected => ({ kind: 'unknown-outcome', why });
const wrong = (why: string): Expected => ({ kind: 'run-wide', why });
const passing = (why: string | RegExp): Expected => ({ kind: 'not-applied', why });
// Node 22 names the flaw, later versions only say that there is one.
const garbled: Expected = { kind: 'unknown-outcome', why: /^(?:HTTPParserError$|HPE_)/, attempts: 2 };

const says = (text: string) => () => serveRaw((socket) => socket.end(text.replaceAll('\n', '\r\n')));
const secure = async (url: Promise<string>) => (await url).replace('http:', 'https:');
const SILENT = () => serveRaw(() => undefined);

const ROWS: readonly Row[] = [
  ['nobody listens', async () => `http://127.0.0.1:${await deadPort()}/`, passing('ECONNREFUSED')],
  [
    'no address of the host listens',
    async () => `http://localhost:${await deadPort()}/`,
    passing('ECONNREFUSED'),
  ],
  ['the connection is closed', () => serveRaw((socket) => socket.end()), unknown('UND_ERR_SOCKET')],
  ['the connection is reset', () => serveRaw((socket) => socket.resetAndDestroy()), unknown('ECONNRESET')],
  ['the head of the answer is cut', says('HTTP/1.1 200'), unknown('UND_ERR_SOCKET')],
  [
    'the body of the answer is cut',
    says('HTTP/1.1 200 OK\ncontent-length: 10\n\n01'),
    unknown('UND_ERR_SOCKET'),
  ],
  [
    'a piece of the answer is cut',
    says('HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n5\n01'),
    unknown('UND_ERR_SOCKET'),
  ],
  [
    'the answer has another length',
    says('HTTP/1.1 200 OK\ncontent-length: 2\ncontent-length: 3\n\nabc'),
    isNode22 ? garbled : unknown('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'),
  ],
  ['the answer is of another protocol', says('SSH-2.0-OpenSSH_9.2\n'), garbled],
  ['the answer is of another version', says('HTTP/9.9 200 OK\n\n'), garbled],
  ['the answer has no status', says('HTTP/1.1 abc OK\n\n'), garbled],
  ['the answer has no number for a length', says('HTTP/1.1 200 OK\ncontent-length: x\n\n'), garbled],
  [
    'the answer has no number for the size of a piece',
    says('HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\nzz\n'),
    garbled,
  ],
  [
    'the answer is not compressed as it says',
    says('HTTP/1.1 200 OK\ncontent-encoding: gzip\ncontent-length: 3\n\nabc'),
    unknown('terminated'),
  ],
  [
    'the head of the answer is too long',
    says(`HTTP/1.1 200 OK\nx: ${'x'.repeat(20_000)}\n\n`),
    wrong('UND_ERR_HEADERS_OVERFLOW'),
  ],
  [
    'the answer is longer than allowed',
    says('HTTP/1.1 200 OK\ncontent-length: 6\n\nabcdef'),
    wrong('UND_ERR_RES_EXCEEDED_MAX_SIZE'),
    () => through({ maxResponseSize: 5 }),
  ],
  [
    'no answer comes in time for the signal',
    SILENT,
    unknown('timeout'),
    () => ({ signal: AbortSignal.timeout(20) }),
  ],
  [
    'no head of an answer comes in time',
    SILENT,
    unknown('UND_ERR_HEADERS_TIMEOUT'),
    () => through({ headersTimeout: 20 }),
  ],
  [
    'no body of an answer comes in time',
    () => serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n')),
    unknown('UND_ERR_BODY_TIMEOUT'),
    () => through({ bodyTimeout: 20 }),
  ],
  [
    'no connection comes in time',
    () => secure(SILENT()),
    passing('UND_ERR_CONNECT_TIMEOUT'),
    () => through({ connect: { timeout: 20 } }),
  ],
  [
    'the connection ends during the TLS handshake',
    () => secure(serveRaw((socket) => socket.end())),
    passing(/^ECONNRESET \(Client network socket disconnected/),
  ],
  [
    'the server speaks no TLS',
    () => secure(serve((_, response) => response.end())),
    wrong('ERR_SSL_WRONG_VERSION_NUMBER'),
  ],
  ['it is aborted', SILENT, { kind: 'aborted', why: 'abort' }, () => ({ signal: AbortSignal.abort() })],
  ['the client is closed', SILENT, wrong('UND_ERR_DESTROYED'), closed],
  ['it has the address of another protocol', async () => 'ftp://127.0.0.1/', { kind: 'unrecognised' }],
  ['it has no address', async () => 'nonsense', { kind: 'unrecognised' }],
  [
    'a redirect is an error',
    says('HTTP/1.1 302 Found\nlocation: /\ncontent-length: 0\n\n'),
    { kind: 'unrecognised' },
    () => ({ redirect: 'error' }),
  ],
  [
    'a proxy asks who we are',
    () => serve((_, response) => response.writeHead(407).end()),
    { kind: 'unrecognised' },
  ],
];

describe('fetch fails because', () => {
  // The agent is only there when fetch has been used.
  beforeAll(async () => void (await fetch('data:,')));

  test.for(ROWS)('%s', async ([, url, expected, init]) => {
    const address = await url();
    const error = await errorOf(async () => {
      const response = await fetch(address, { method: 'POST', body: '{}', ...init?.() });
      await response.text();
    });
    await expectFailure(error, expected);
  });

  test('there is no such host: once more, and no further', async () => {
    const error = await errorOf(() => fetch('http://no-such-host.invalid/'));
    const isTemporary = (error as { cause: { code: string } }).cause.code === 'EAI_AGAIN';
    await expectFailure(error, { kind: 'not-applied', attempts: isTemporary ? 4 : 2 });
  });
});

/** The agent inside of `fetch`, with other options; it is let go after the test. */
function through(options: Readonly<Record<string, unknown>>): RequestInit {
  const known = Symbol.for('undici.globalDispatcher.1') as unknown as keyof typeof globalThis;
  const Agent = (globalThis[known] as Dispatcher).constructor as new (given: object) => Dispatcher;
  const dispatcher = new Agent(options);
  onTestFinished(() => dispatcher.destroy());
  return { dispatcher };
}

function closed(): RequestInit {
  const { dispatcher } = through({});
  void dispatcher!.destroy();
  return { dispatcher: dispatcher! };
}
