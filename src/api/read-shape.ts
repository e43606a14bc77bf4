import type { z } from 'zod';
import { LotseError } from '../core/errors.ts';

/** The value as `shape` gives it back. Errors: `bad-input` with one line for each problem, each beginning with its path. */
export function readShape<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  where: 'body' | 'query',
): z.output<Shape> {
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  const details = read.error.issues.map(({ path, message }) => `${[where, ...path.map(String)].join('.')}: ${message}`);
  const more = details.length > 1 ? ` (and ${details.length - 1} more)` : '';
  throw new LotseError('bad-input', `${details[0] ?? where}${more}`, { details });
}
