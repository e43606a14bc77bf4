import { readSource } from './source.ts';

/**
 * Where a dotted place stands in a manifest: `environments.production.config.LOG_LEVEL` in line 12. Names of a manifest
 * have no dots. A place that is not there has the line of the nearest one around it.
 */
export function lineFinder(text: string): (place: string) => number {
  const source = readSource(text, 'lotse.yaml');
  return (place) => source.locate({ kind: 'meaning', path: place.split('.'), at: 'key', message: '' }).line;
}
