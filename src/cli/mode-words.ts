import type { RoutingMode } from '../core/routing-document.ts';
import type { Output } from './output.ts';

/** What users of an environment get; `serving`: the word for an app that answers them. */
export function modeWords(mode: RoutingMode['kind'], serving: string, out: Output): string {
  switch (mode) {
    case 'serving':
      return out.paint(serving, 'green');
    case 'maintenance':
      return out.paint('maintenance page', 'yellow');
    case 'paused':
      return out.paint('requests are held', 'yellow');
    case 'adopted':
      return out.paint('adopted', 'green');
  }
}
