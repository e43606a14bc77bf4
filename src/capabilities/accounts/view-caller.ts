import type { Caller } from './accounts.ts';
import type { MeView } from './accounts-api.ts';

export function viewCaller({ kind, id, name, roles }: Caller): MeView {
  return { kind, id, name, roles: [...roles] };
}
