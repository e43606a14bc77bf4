import type { Secret } from '../../../core/secret.ts';
import { post, urlOf } from '../post.ts';

/** A call that an outside watcher expects, and whose absence it reports. */
export async function beat(url: Secret, signal: AbortSignal): Promise<void> {
  await post({ url: urlOf(url.reveal()), method: 'GET' }, signal);
}
