import { LotseError } from '../../core/errors.ts';
import type { ProxyOverride } from '../../core/routing-document.ts';
import type { OverrideWish, StoredOverride } from './person-overrides.ts';

const maxTextLength = 500;

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function text(value: unknown, name: string): string {
  const found = field(value, name);
  if (typeof found === 'string' && found !== '' && found.length <= maxTextLength) return found;
  throw new LotseError('bad-input', `an override’s ${name} should be a text of at most ${maxTextLength} characters`);
}

function common(value: unknown): Pick<ProxyOverride, 'app' | 'environment' | 'by' | 'reason'> {
  const reason = field(value, 'reason') === null ? null : text(value, 'reason');
  return { ...readEnvironmentName(value), by: text(value, 'by'), reason };
}

/** Error: `bad-input`. */
export function readEnvironmentName(value: unknown): Pick<ProxyOverride, 'app' | 'environment'> {
  return { app: text(value, 'app'), environment: text(value, 'environment') };
}

/** Error: `bad-input`. */
export function readOverrideKind(value: unknown): ProxyOverride['order']['kind'] {
  const kind = field(value, 'kind');
  if (kind === 'maintenance' || kind === 'switch') return kind;
  throw new LotseError('bad-input', 'an override is of kind `maintenance` or `switch`');
}

/** What a person asks for. Error: `bad-input`. */
export function readOverrideWish(value: unknown): OverrideWish {
  const order = field(value, 'order');
  const kind = readOverrideKind(order);
  const wished = kind === 'switch' ? { kind, to: text(order, 'to') } : { kind, message: text(order, 'message') };
  return { ...common(value), order: wished };
}

/** What is on disk. Error: `bad-input`. */
export function readOverrides(value: unknown): readonly StoredOverride[] {
  if (!Array.isArray(value)) throw new LotseError('bad-input', 'overrides should be a list');
  return value.map((entry: unknown) => {
    const order = field(entry, 'order');
    const kind = readOverrideKind(order);
    const atMs = field(entry, 'atMs');
    if (typeof atMs !== 'number') throw new LotseError('bad-input', 'an override should say when it was ordered');
    const stored =
      kind === 'switch' ? { kind, revision: text(order, 'revision') } : { kind, message: text(order, 'message') };
    return { ...common(entry), order: stored, atMs };
  });
}
