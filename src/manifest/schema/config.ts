import { z } from 'zod';
import { key, requiredKey } from './key.ts';
import { mapping, nonEmptyText, oneOf, record, variable } from './values.ts';

export const configTypes = ['string', 'number', 'integer', 'boolean', 'email', 'url', 'json', 'enum'] as const;
export type ConfigType = (typeof configTypes)[number];

const plainExpected = 'a plain value: text, a number, true or false';
export const plainValue = z.union([z.string(), z.number(), z.boolean()], { error: plainExpected }).meta({
  id: 'PlainValue',
  description: 'Text, a number, `true` or `false`. A service gets it exactly as it stands in the file.',
  samples: ['info', 3, true],
});

export const configDeclaration = mapping(
  {
    type: requiredKey(oneOf(configTypes), {
      description: 'What a value must be. It is checked before anything starts.',
      example: 'email',
    }),
    values: key(z.array(plainValue).min(1, { error: 'a list of values' }), {
      description: 'Of an `enum`: all that it may be.',
      example: ['debug', 'info', 'error'],
      leftOut: 'for the other types',
    }),
    default: key(plainValue, {
      description: 'The value where no environment gives one.',
      example: 'hello@shop.example',
      leftOut: 'every environment must give a value, or nothing starts',
    }),
    required: key(z.boolean({ error: 'true or false' }), {
      description: 'With `false` the variable may be missing.',
      example: false,
      default: true,
    }),
    description: key(nonEmptyText('text'), {
      description: 'For people: what the value is for.',
      example: 'The sender of every mail',
      leftOut: 'nothing is shown',
    }),
  },
  'a value, or a mapping with `type`',
).meta({
  id: 'ConfigDeclaration',
  description: 'A config value that is declared: its type, and whether it must be there.',
});

/** Declared for the app or for a service: a value, or a declaration. */
export const configDeclarations = record(
  variable,
  z.union([plainValue, configDeclaration], {
    error: 'a plain value, or a mapping with `type`',
  }),
  'a mapping of names to values',
);

/** Given by an environment: plain values only. */
export const configValues = record(variable, plainValue, 'a mapping of names to plain values');
