/** What a dev session tells, in the order in which it happens. */
export type DevEvent =
  | {
      readonly event: 'ready';
      readonly app: string;
      readonly folder: string;
      /** None for an app of workers alone. */
      readonly addresses: readonly string[];
      readonly services: readonly string[];
    }
  /** `because`: the files that changed; empty for the first start. */
  | { readonly event: 'starting'; readonly service: string; readonly because: readonly string[] }
  | { readonly event: 'up'; readonly service: string; readonly afterMs: number }
  | {
      readonly event: 'log';
      readonly at: number;
      readonly service: string;
      /** Which start of it: lines of the one before may still come. */
      readonly revision: string;
      readonly stream: 'out' | 'err';
      readonly text: string;
    }
  /** It ended or never started; `tail` are its last lines. It starts again when one of its files changes. */
  | {
      readonly event: 'crashed';
      readonly service: string;
      /** Null: it could not even be ordered. */
      readonly revision: string | null;
      readonly how: string;
      readonly tail: readonly string[];
    }
  | { readonly event: 'removed'; readonly service: string }
  /** Nothing was changed: what ran goes on. */
  | {
      readonly event: 'manifest-broken';
      readonly message: string;
      readonly hint: string | null;
      readonly details: readonly string[];
    }
  | { readonly event: 'manifest-read'; readonly changed: readonly string[] }
  | { readonly event: 'note'; readonly service: string | null; readonly text: string }
  | { readonly event: 'stopping' };
