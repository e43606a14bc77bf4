import { LotseError } from '../../../core/errors.ts';

interface About {
  readonly address: string;
  /** Null: nothing was fetched. */
  readonly branch: string | null;
  readonly maxFileBytes: number;
}

/** What git says in English, as an error of ours. */
export function readFailure(said: string, { address, branch, maxFileBytes }: About): LotseError {
  const details = said
    .trim()
    .split('\n')
    .slice(-5)
    .map((line) => line.slice(0, 300));
  if (/File size limit|signal 25|file too large|EFBIG/i.test(said)) {
    const message = `${address} is larger than ${Math.round(maxFileBytes / 1024 ** 2)} MB`;
    return new LotseError('bad-input', message, { hint: 'What is large and not source belongs elsewhere.' });
  }
  if (/No space left on device/i.test(said))
    return new LotseError('disk-full', `there is no room for ${address}`, { details });
  if (/couldn't find remote ref/i.test(said))
    return new LotseError('not-found', `${address} has no branch ${branch ?? ''}`);
  if (/not a tree object|pathspec|did not match any|working directory is untracked/i.test(said))
    return new LotseError('not-found', `there is no ${address}`, { details });
  if (
    /Authentication failed|Permission denied|could not read (?:Username|Password)|The requested URL returned error: 40[13]/i.test(
      said,
    )
  )
    return new LotseError('forbidden', `${address} may not be read with this login`, { hint: loginHint, details });
  if (/certificate verification failed|SSL certificate problem/i.test(said)) {
    const message = `${address} has a certificate of an authority that is not known here (--tls-roots of the control plane)`;
    return new LotseError('unreachable', message, { hint: rootsHint, retriable: true, details });
  }
  if (/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/i.test(said))
    return new LotseError('forbidden', `${address} shows another key than when it was met first`, { details });
  if (/repository .* not found|does not appear to be a git repository|returned error: 404/i.test(said))
    return new LotseError('not-found', `there is no repository at ${address}, or this login does not see it`, {
      hint: loginHint,
    });
  return new LotseError('unreachable', `${address} cannot be fetched`, { retriable: true, details });
}

const loginHint =
  'A token is set by `lotse secret set NAME build`, and named by `lotse source connect … --token NAME`.';
const rootsHint = 'A file with the roots of your own authority: `lotse serve -- --tls-roots ca.pem`.';
