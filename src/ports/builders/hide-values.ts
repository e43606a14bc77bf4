import { HiddenValues } from '../../core/hidden-values.ts';
import type { BuildOrder } from './builders.ts';

/** Puts `***` in the place of what an order has of secret values, in whatever form they are said. */
export function hiderOf({ secrets = {}, registries = {} }: BuildOrder): (text: string) => string {
  const hidden = new HiddenValues();
  for (const secret of Object.values(secrets)) hidden.add(secret);
  for (const { password } of Object.values(registries)) hidden.add(password);
  return hidden.hide;
}
