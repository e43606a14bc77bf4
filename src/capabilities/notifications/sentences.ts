import type { Fact, FactKind } from './notification.ts';

type Data = Fact['data'];
type Sentences = Readonly<Record<FactKind, (data: Data) => string>>;
export type Language = 'en' | 'de';

/** What is quoted (causes, titles of gates) is in the language in which it was written. */
const texts: Readonly<Record<Language, Sentences & { readonly more: (count: number) => string }>> = {
  en: {
    waiting: ({ release, what }) => `${release} waits for you: ${what}`,
    live: ({ release, isBack }) => `${release} is live${isBack === 'yes' ? ' again: somebody has rolled back' : ''}`,
    returned: ({ release, before, why }) => `${release} was taken back, ${before} serves. ${why}`,
    stranded: ({ release, why }) => `${release} is stranded, and needs a person now. ${why}`,
    'gave-up': ({ service, why }) => `${service} is not started again, it has ended too often. ${why}`,
    'job-failed': ({ job, how, due }) => `the job ${job} of ${due} ${outcomes.en(how)}`,
    'job-overdue': ({ job, due }) => `the job ${job} of ${due} takes longer than it may`,
    'jobs-missed': ({ job, count, first }) => `${count} × the job ${job} was missed, first at ${first}`,
    'certificate-failed': ({ name, why }) => `the certificate of ${name} could not be renewed. ${why}`,
    'flag-off': ({ flag, why }) => `the flag ${flag} was turned off, for it does harm. ${why}`,
    'secret-expiring': ({ name, day, isOver }) =>
      isOver === 'yes' ? `the secret ${name} ended on ${day}: rotate it` : `the secret ${name} ends on ${day}`,
    'disk-low': ({ folder, free }) => `only ${free} are free on the disk of ${folder}`,
    'proxy-restarts': ({ count }) => `the proxy was started ${count} times in ten minutes`,
    test: () => 'this is a test: messages get here',
    more: (count) => `and ${count} more`,
  },
  de: {
    waiting: ({ release, what }) => `${release} wartet auf dich: ${what}`,
    live: ({ release, isBack }) => `${release} ist live${isBack === 'yes' ? ', jemand ist zurückgegangen' : ''}`,
    returned: ({ release, before, why }) => `${release} wurde zurückgenommen, ${before} ist wieder da. ${why}`,
    stranded: ({ release, why }) => `${release} ist gestrandet und braucht jetzt einen Menschen. ${why}`,
    'gave-up': ({ service, why }) => `${service} wird nicht mehr gestartet, es hat zu oft aufgehört. ${why}`,
    'job-failed': ({ job, how, due }) => `der Job ${job} von ${due} ${outcomes.de(how)}`,
    'job-overdue': ({ job, due }) => `der Job ${job} von ${due} dauert länger als erlaubt`,
    'jobs-missed': ({ job, count, first }) => `${count} × wurde der Job ${job} verpasst, zuerst um ${first}`,
    'certificate-failed': ({ name, why }) => `das Zertifikat von ${name} konnte nicht erneuert werden. ${why}`,
    'flag-off': ({ flag, why }) => `das Flag ${flag} wurde ausgeschaltet, denn es schadet. ${why}`,
    'secret-expiring': ({ name, day, isOver }) =>
      isOver === 'yes'
        ? `das Geheimnis ${name} lief am ${day} ab, tausche es aus`
        : `das Geheimnis ${name} läuft am ${day} ab`,
    'disk-low': ({ folder, free }) => `nur noch ${free} sind frei auf der Platte von ${folder}`,
    'proxy-restarts': ({ count }) => `der Proxy wurde in zehn Minuten ${count} Mal gestartet`,
    test: () => 'das ist ein Test: Nachrichten kommen hier an',
    more: (count) => `und ${count} weitere`,
  },
};

/** How a run ended, by its state and exit code. */
const outcomes: Readonly<Record<Language, (how: string | undefined) => string>> = {
  en: (how) =>
    how === 'not-started'
      ? 'could not be started'
      : how === 'lost'
        ? 'is lost: nobody knows its end'
        : `failed (${how})`,
  de: (how) =>
    how === 'not-started'
      ? 'konnte nicht gestartet werden'
      : how === 'lost'
        ? 'ist verloren: niemand kennt sein Ende'
        : `ist fehlgeschlagen (${how})`,
};

/** Of one kind so many are said one by one. */
const mostOfAKind = 10;

/** One line for each fact, in its order; of many of one kind the first ones and how many more there were. */
export function linesOf(facts: readonly Fact[], language: Language): readonly string[] {
  const kinds = [...new Set(facts.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const all = facts.filter((fact) => fact.kind === kind);
    const lines = all.slice(0, mostOfAKind).map((fact) => sentenceOf(fact, language));
    return all.length <= mostOfAKind ? lines : [...lines, texts[language].more(all.length - mostOfAKind)];
  });
}

export function sentenceOf({ kind, data }: Fact, language: Language): string {
  return texts[language][kind](data).trim();
}
