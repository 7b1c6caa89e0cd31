import type { Fingerprint, HashedBytes } from '../core/checkpoint.ts';

/** What became of an input. */
export type FingerprintVerdict =
  /** Nothing speaks against it being the same. */
  | { readonly kind: 'same' }
  /** What was there is the same, and more has come behind it. */
  | { readonly kind: 'grown'; readonly by: number }
  /** It is another one, or what was read of it is no longer as it was. */
  | { readonly kind: 'changed'; readonly reason: string };

/**
 * Compares an input with what it was. All that the earlier fingerprint has must be confirmed: what is no longer told
 * counts as changed. An ETag changes with every growth, so a new one is only held against an input that has not grown,
 * or whose bytes cannot vouch for it.
 * @param now taken by `fingerprintAgain`, at the places of the earlier one
 */
export function compareFingerprints(earlier: Fingerprint, now: Fingerprint): FingerprintVerdict {
  const reason = firstDifference(earlier, now);
  if (reason !== undefined) return { kind: 'changed', reason };
  const by = (now.size ?? 0) - (earlier.size ?? 0);
  return earlier.size !== undefined && by > 0 ? { kind: 'grown', by } : { kind: 'same' };
}

function firstDifference(earlier: Fingerprint, now: Fingerprint): string | undefined {
  if (earlier.name !== now.name)
    return `it is ${JSON.stringify(now.name)}, it was ${JSON.stringify(earlier.name)}`;
  return (
    differenceOfSize(earlier.size, now.size) ??
    differenceOfEtag(earlier, now) ??
    differenceOfBytes(earlier.head, now.head) ??
    differenceOfBytes(earlier.tail, now.tail)
  );
}

function differenceOfSize(earlier: number | undefined, now: number | undefined): string | undefined {
  if (earlier === undefined) return undefined;
  if (now === undefined) return 'its size is no longer known';
  const bytes = (count: number) => `${count.toLocaleString('en-US')} bytes`;
  return now < earlier ? `it has ${bytes(now)}, it had ${bytes(earlier)}` : undefined;
}

function differenceOfEtag(earlier: Fingerprint, now: Fingerprint): string | undefined {
  if (earlier.etag === undefined || earlier.etag === now.etag) return undefined;
  if (now.etag === undefined) return 'its ETag is no longer known';
  const hasGrown = earlier.size !== undefined && now.size !== undefined && now.size > earlier.size;
  const areBytesKnown = earlier.head !== undefined && earlier.tail !== undefined;
  return hasGrown && areBytesKnown ? undefined : 'it has another ETag';
}

function differenceOfBytes(
  earlier: HashedBytes | undefined,
  now: HashedBytes | undefined,
): string | undefined {
  if (earlier === undefined) return undefined;
  const place = `its bytes from ${earlier.from} to ${earlier.to}`;
  if (now === undefined) return `${place} are no longer known`;
  const isSame = now.from === earlier.from && now.to === earlier.to && now.sha256 === earlier.sha256;
  return isSame ? undefined : `${place} are not what they were`;
}
