import type { ConfigDeclaration } from './app-manifest.ts';

const emailPattern = /^[^\s@<>()",:;]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;

/** What a value of a declaration must be: its type, and what an `enum` may be. */
export type ConfigKind = Pick<ConfigDeclaration, 'type' | 'values'>;

/** What is wrong with a config value, as it completes "expected …"; null when it is right. Values are text, as in the environment. */
export function expectedConfigValue({ type, values = [] }: ConfigKind, text: string): string | null {
  switch (type) {
    case 'string':
      return text.includes('\0') ? 'text without NUL characters' : null;
    case 'number':
      return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) ? null : 'a number such as 5 or 0.5';
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? null : 'a whole number';
    case 'boolean':
      return text === 'true' || text === 'false' ? null : 'true or false';
    case 'email':
      return text.length <= 254 && emailPattern.test(text) ? null : 'a mail address such as hello@shop.example';
    case 'url':
      return /^[a-z][a-z0-9+.-]*:\/\/[^\s]+$/i.test(text) && URL.canParse(text)
        ? null
        : 'a URL such as https://shop.example/api';
    case 'json':
      return isJson(text) ? null : 'JSON such as {"retries": 3}';
    case 'enum':
      return values.includes(text) ? null : `one of ${values.join(', ')}`;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
