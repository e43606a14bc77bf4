import type { ProgressMessage } from './engine-shapes.ts';
import { parseFields, textField } from './parse-protobuf.ts';

/** What BuildKit tells while it builds. Steps go side by side, so output says of which step it is. */
export type BuildKitEvent =
  | { readonly kind: 'step'; readonly step: string; readonly name: string; readonly isCached: boolean }
  | { readonly kind: 'output'; readonly step: string; readonly text: string };

/**
 * Reads a `moby.buildkit.trace` message: base64 of a StatusResponse (moby/buildkit: api/services/control/control.proto).
 * Other messages give nothing. A step is told when it begins, and again when it ends.
 */
export function readBuildKitProgress(message: ProgressMessage): readonly BuildKitEvent[] {
  if (message.id !== 'moby.buildkit.trace' || typeof message.aux !== 'string') return [];
  return parseFields(Buffer.from(message.aux, 'base64')).flatMap(({ number, bytes }): readonly BuildKitEvent[] => {
    if (bytes === null) return [];
    const fields = parseFields(bytes);
    if (number === 1) {
      const hasBegun = fields.some((field) => field.number === 5);
      const isCached = fields.some((field) => field.number === 4 && field.varint === 1);
      const step = { kind: 'step', step: textField(fields, 1), name: textField(fields, 3), isCached } as const;
      return hasBegun || isCached ? [step] : [];
    }
    return number === 3 ? [{ kind: 'output', step: textField(fields, 1), text: textField(fields, 4) }] : [];
  });
}
