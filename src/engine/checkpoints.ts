/** Small rows that are overwritten: looks and samples, which are not events. Implemented by the database. */
export interface Checkpoints {
  /** The latest value under a key, or null. Values are JSON texts. */
  load(key: string): Promise<string | null>;
  save(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
}
