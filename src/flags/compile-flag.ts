import { compileRule } from './rules/compile-rule.ts';
import type { EvaluationContext, FlagDefinition, FlagMetadata, Resolution } from './definitions.ts';
import { textOf, type Rule } from './rules/rule.ts';

/** A flag, ready to be asked. */
export type CompiledFlag = (context: EvaluationContext, nowMs: number) => Resolution;

/**
 * Compiles a flag once, so that asking makes nothing anew: every answer that it can give is made here. Answers as
 * flagd does (https://flagd.dev/reference/specifications/protos/). Errors: `RuleProblem`.
 */
export function compileFlag(key: string, definition: FlagDefinition, setMetadata: FlagMetadata): CompiledFlag {
  const flagMetadata = { ...setMetadata, ...definition.metadata };
  if (definition.state === 'DISABLED') return always({ reason: 'DISABLED', flagMetadata });
  const { variants, defaultVariant, targeting } = definition;
  const answers = (reason: 'STATIC' | 'DEFAULT' | 'TARGETING_MATCH') =>
    new Map(Object.entries(variants).map(([variant, value]) => [variant, { value, variant, reason, flagMetadata }]));
  const fallback = (reason: 'STATIC' | 'DEFAULT'): Resolution => {
    if (defaultVariant === null) return { reason: 'DEFAULT', flagMetadata };
    return answers(reason).get(defaultVariant) ?? unknownVariant(key, defaultVariant, flagMetadata);
  };
  if (!hasRule(targeting)) return always(fallback('STATIC'));
  const rule = compileRule(targeting, key, ['flags', key, 'targeting']);
  const parts = { key, rule, flagMetadata, matched: answers('TARGETING_MATCH'), unmatched: fallback('DEFAULT') };
  const failed = failure(`The targeting rule of ${key} could not be evaluated`, flagMetadata);
  const flag: Targeted = { ...parts, failed };
  return (context, nowMs) => answer(flag, context, nowMs);
}

interface Targeted {
  readonly key: string;
  readonly rule: Rule;
  readonly flagMetadata: FlagMetadata;
  readonly matched: ReadonlyMap<string, Resolution>;
  readonly unmatched: Resolution;
  readonly failed: Resolution;
}

function answer(flag: Targeted, context: EvaluationContext, nowMs: number): Resolution {
  let variant: unknown;
  try {
    variant = flag.rule(context, Math.floor(nowMs / 1000));
  } catch {
    return flag.failed;
  }
  if (variant === null || variant === undefined) return flag.unmatched;
  const name = textOf(variant);
  return flag.matched.get(name) ?? unknownVariant(flag.key, name, flag.flagMetadata);
}

/** No rule: none at all, or one that says nothing. */
export function hasRule(targeting: unknown): boolean {
  return typeof targeting === 'object' && targeting !== null && Object.keys(targeting).length > 0;
}

function always(resolution: Resolution): CompiledFlag {
  return () => resolution;
}

function unknownVariant(key: string, variant: string, flagMetadata: FlagMetadata): Resolution {
  return failure(`${key} has no variant ${JSON.stringify(variant.slice(0, 100))}`, flagMetadata);
}

function failure(errorMessage: string, flagMetadata: FlagMetadata): Resolution {
  return { reason: 'ERROR', errorCode: 'GENERAL', errorMessage, flagMetadata };
}
