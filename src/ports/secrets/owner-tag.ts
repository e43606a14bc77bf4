import type { Scope } from '../../core/ids.ts';
import type { SecretPlace } from './secrets.ts';

/** What is written beside a secret in a store that others use too: exactly whose it is. */
export function ownerTag({ app, environment, name }: SecretPlace): string {
  return `${app}/${environment}/${name}`;
}

/** The name of the secret that a tag speaks of; null: it belongs elsewhere. */
export function nameInTag(text: string, { app, environment }: Scope): string | null {
  const head = `${app}/${environment}/`;
  return text.startsWith(head) ? text.slice(head.length) : null;
}
