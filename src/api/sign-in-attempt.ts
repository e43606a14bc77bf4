import type { AttemptLimit } from './attempt-limit.ts';

/** Who may try how often to sign in: an address, and an account whoever asks for it. */
export interface SignInLimits {
  readonly byAddress: AttemptLimit;
  readonly byAccount: AttemptLimit;
}

/** One attempt, under way. */
export interface SignInAttempt {
  /** Counts for this account too, whether it exists or not. Errors: 429. */
  onAccount(account: string): void;
  /** It was no failed attempt. */
  takeBack(): void;
}

/** Errors: 429. */
export function beginAttempt({ byAddress, byAccount }: SignInLimits, address: string): SignInAttempt {
  const ends: (() => void)[] = [];
  const count = (limit: AttemptLimit, key: string): void => {
    limit.begin(key);
    ends.push(() => limit.takeBack(key));
  };
  count(byAddress, address);
  return {
    onAccount: (account) => count(byAccount, account),
    takeBack() {
      for (const end of ends.splice(0)) end();
    },
  };
}
