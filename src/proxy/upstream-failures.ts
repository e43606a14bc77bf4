import { ownAnswer } from './own-answers.ts';
import type { OwnAnswer } from './own-answers.ts';
import type { Forward } from './routing/route-request.ts';

/** What a client hears when its request could not be served by an instance. */
export const upstreamFailures = {
  noInstance: ownAnswer(
    503,
    'no-instance',
    'Service Unavailable',
    'No instance of this application accepts requests right now.',
    1,
  ),
  refused: ownAnswer(502, 'upstream-refused', 'Bad Gateway', 'The application refused the connection.'),
  reset: ownAnswer(502, 'upstream-reset', 'Bad Gateway', 'The application closed the connection before it answered.'),
  connectTimeout: ownAnswer(
    504,
    'connect-timeout',
    'Gateway Timeout',
    'The application did not accept the connection in time.',
  ),
  answerTimeout: ownAnswer(504, 'answer-timeout', 'Gateway Timeout', 'The application did not answer in time.'),
} as const satisfies Record<string, OwnAnswer>;

/** Where the app does not answer itself, but whoever evaluates its flags: clients keep what they have, and ask again. */
const flagsAway = ownAnswer(503, 'flags-away', 'Service Unavailable', 'Nobody evaluates flags right now.', 5);

/** What the client hears of it. */
export function failureOf(failure: OwnAnswer, { service }: Pick<Forward, 'service'>): OwnAnswer {
  return service.addedField === '' ? failure : flagsAway;
}

export function badAnswer(problem: string): OwnAnswer {
  return ownAnswer(502, 'bad-answer', 'Bad Gateway', `The application's answer is not valid HTTP: ${problem}.`);
}
