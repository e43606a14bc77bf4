/** What one look at the machine has found. */
export interface Check {
  readonly name: string;
  /** `fail` keeps Lotse from working, `warn` takes something away. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it; null when all is well. */
  readonly advice: string | null;
}

export const ok = (name: string, found: string): Check => ({ name, state: 'ok', found, advice: null });
export const warn = (name: string, found: string, advice: string): Check => ({ name, state: 'warn', found, advice });
export const fail = (name: string, found: string, advice: string): Check => ({ name, state: 'fail', found, advice });
