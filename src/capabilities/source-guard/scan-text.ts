import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import { fingerprintOf, type Finding } from './findings.ts';
import { findOwn, type Match } from './own-rules.ts';

const config = {
  rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, options: {} }],
};

/** What looks like a secret in one file, by place. One place is found once, by what says it best. */
export async function scanText(path: string, text: string): Promise<readonly Finding[]> {
  const matches = [...(await findByLibrary(path, text)), ...findOwn(path, text)].toSorted((a, b) => a.start - b.start);
  const apart = matches.filter((match, index) => {
    const before = matches[index - 1];
    return before === undefined || match.start >= before.end;
  });
  return apart.map(({ rule, start, end }) => ({
    ...{ path, rule, line: lineAt(text, start) },
    fingerprint: fingerprintOf(path, text.slice(start, end)),
  }));
}

/** Without the library's comments that switch it off: what is let pass has to be written down elsewhere. */
async function findByLibrary(path: string, text: string): Promise<readonly Match[]> {
  const content = text.replaceAll(/secretlint-(?=disable|enable)/g, 'secretlint_');
  const found = await lintSource({
    source: { filePath: `/${path}`, content, contentType: 'text' },
    options: { config, locale: 'en', maskSecrets: true, noPhysicFilePath: true },
  });
  return found.messages.map(({ ruleId, messageId, range: [start, end] }) => {
    const words = messageId.replaceAll('_', ' ').replaceAll(/([a-z])([A-Z])/g, '$1 $2');
    const rule = ruleId.replace('@secretlint/secretlint-rule-', '');
    return { rule: words.toLowerCase().startsWith(rule.slice(0, 4)) ? words : `${rule}: ${words}`, start, end };
  });
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
