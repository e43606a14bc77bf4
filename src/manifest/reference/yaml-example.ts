import { stringify } from 'yaml';

/** An example of a key as one would write it: on one line where that reads well. */
export function yamlExample(key: string, value: unknown): string {
  const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trimEnd();
  return `${key}: ${text.replaceAll('[ ', '[').replaceAll(' ]', ']')}`;
}
