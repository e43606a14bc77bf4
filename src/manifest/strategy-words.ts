import { formatDurationMs, formatPercent } from '../core/quantities.ts';
import type { CanaryDefinition, LimitDefinition } from './app-manifest.ts';

/** As the file says it: `1%, 5%, 25%, 50%`, `30 failed requests`, `none`. */
export function formatCanary(canary: CanaryDefinition | null): string {
  if (canary === null) return 'none';
  if (canary.kind === 'budget') return `${canary.failures} failed request${canary.failures === 1 ? '' : 's'}`;
  return canary.permille.map(formatPermille).join(', ');
}

export function formatPermille(permille: number): string {
  return formatPercent(permille / 1000);
}

/** The key of `limits`: `failures`, `p99`, the signal's name. */
export function limitName(limit: LimitDefinition): string {
  switch (limit.kind) {
    case 'failures':
      return 'failures';
    case 'duration':
      return `p${Math.round(limit.part * 100)}`;
    case 'signal':
      return limit.signal;
  }
}

export function formatLimit(limit: LimitDefinition): string {
  switch (limit.kind) {
    case 'failures':
      return formatPercent(limit.mostRate);
    case 'duration':
      return formatDurationMs(limit.mostMs);
    case 'signal':
      return String(limit.value);
  }
}
