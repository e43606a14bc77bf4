import type { AskStore, StoreAnswer, StoreQuestion } from './ask-store.ts';
import type { ShortLivedToken } from './short-lived-token.ts';

/** Asks by a bearer token, and once more with a new one when that was refused (401). Errors: those of both. */
export function askWithToken(ask: AskStore, token: ShortLivedToken) {
  const send = async (question: StoreQuestion) => {
    const bearer = await token.get();
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
    return { bearer, answer: await ask({ ...question, headers }) };
  };
  return async (question: StoreQuestion): Promise<StoreAnswer> => {
    const first = await send(question);
    if (first.answer.status !== 401) return first.answer;
    token.forget(first.bearer);
    return (await send(question)).answer;
  };
}
