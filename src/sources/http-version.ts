import { PipelineError } from '../core/errors.ts';

/** What tells that two answers hold the same content. */
export interface Version {
  /** The strong ETag. */
  readonly etag?: string;
  /** Bytes of the whole body. */
  readonly total?: number;
  /** Whether the end of a body of unknown length can be told from a cut: chunks end with one of no bytes. */
  readonly isEndTold: boolean;
  /** Why a body that is cut could not be resumed. */
  readonly whyNotResumable?: string;
}

export function versionOf({ headers }: Response): Version {
  const etag = headers.get('etag');
  const isDecoded = isDecodedBody(headers);
  const length = headers.get('content-length');
  const total = !isDecoded && length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
  const why = whyNot(etag, isDecoded);
  return {
    ...(etag !== null && why === undefined && { etag }),
    ...(total !== undefined && { total }),
    isEndTold: headers.has('transfer-encoding') || length !== null,
    ...(why !== undefined && { whyNotResumable: why }),
  };
}

/** Whether `fetch` has undone a compression of the way. */
export function isDecodedBody(headers: Headers): boolean {
  const encoding = headers.get('content-encoding');
  return encoding !== null && encoding.trim().toLowerCase() !== 'identity';
}

/** What an answer to a request for the rest holds. */
export interface Rest {
  /** Where in the whole body it begins. */
  readonly begin: number;
  /** Bytes of the whole body; when there are no more than were read, there is no rest. */
  readonly total: number | undefined;
}

/**
 * Checks the answer to a request for the rest of a body (RFC 9110 §14, §15.3.7). A server may send less than the rest;
 * then what is missing is asked for again. One that knows no ranges sends the whole body.
 * @param total bytes of the whole body, if known
 * @throws PipelineError when the content has changed, or is not the rest
 */
export function checkRange(
  response: Response,
  source: string,
  from: number,
  etag: string,
  total: number | undefined,
): Rest {
  const { status, headers } = response;
  const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const sent = headers.get('etag');
  const changed = (message: string) => {
    void response.body?.cancel();
    return new PipelineError({ code: 'SOURCE_CHANGED', message: `${message} (cut at byte ${from})`, source });
  };
  if (status === 412) throw changed('The content changed while it was read');
  if (status === 416) {
    if (total === from || Number(range?.[3]) === from) return { begin: from, total: from };
    throw changed('The content is now shorter than what was read of it');
  }
  const whole = versionOf(response);
  if (status === 200 && whole.etag === etag) {
    const length = whole.total ?? total;
    if (length !== undefined && (length < from || length !== (total ?? length)))
      throw changed('The content has another length now');
    return { begin: 0, total: length };
  }
  if (sent !== null && sent !== etag)
    throw changed('The content changed while it was read: it has another ETag');
  if (status !== 206) throw changed(`The server answers a request for the rest with HTTP ${status}`);
  if (sent === null) throw changed('The server does not say of which version it sent the rest');
  if (range === null || Number(range[1]) !== from)
    throw changed('The server sent another part than the rest');
  const told = range[3] === '*' ? total : Number(range[3]);
  if (told === undefined) throw changed('The server does not say how long the content is');
  if (total !== undefined && told !== total) throw changed('The content has another length now');
  return { begin: from, total: told };
}

function whyNot(etag: string | null, isDecoded: boolean): string | undefined {
  if (isDecoded) return 'the server compresses it on the way';
  if (etag === null) return 'the server gives no ETag';
  return etag.startsWith('W/') ? 'the server gives only a weak ETag' : undefined;
}
