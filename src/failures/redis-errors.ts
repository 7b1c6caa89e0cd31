import type { FailureKind } from './failure.ts';

/** Replies of Redis and its kin, which clients throw with this message and without a code. */
export const REDIS_REPLIES: readonly (readonly [message: RegExp, kind: FailureKind])[] = [
  [/^LOADING \S+ is loading/, 'not-applied'],
  [/^BUSY \S+ is busy running a script/, 'not-applied'],
  [/^TRYAGAIN Multiple keys/, 'not-applied'],
  [/^CLUSTERDOWN /, 'not-applied'],
  [/^MASTERDOWN Link with MASTER/, 'not-applied'],
  [/^READONLY You can't write/, 'not-applied'], // a replica, which a failover may make the master
  [/^NOREPLICAS Not enough good replicas/, 'not-applied'],
  [/^WRONGTYPE Operation against a key/, 'bad-records'],
  [/^OOM command not allowed/, 'run-wide'],
  [/^MISCONF /, 'run-wide'], // it cannot write its snapshot
  [/^NOAUTH /, 'run-wide'],
  [/^WRONGPASS /, 'run-wide'],
  [/^NOPERM /, 'run-wide'],
  [/^NOSCRIPT /, 'run-wide'],
  [/^EXECABORT Transaction discarded/, 'run-wide'],
];
