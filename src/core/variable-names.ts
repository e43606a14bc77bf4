/** `SERVICE_URL`, `STORE_DIR`: how an instance is told about a service or store; a compatibility promise. */
export function variableOf(name: string, suffix: 'URL' | 'DIR'): string {
  return `${name.replaceAll('-', '_').toUpperCase()}_${suffix}`;
}
