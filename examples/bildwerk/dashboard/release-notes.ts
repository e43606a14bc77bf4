/** What is new, in a few words: stands at the foot of each page, so people (and demos) can see which release they look at. */
export const releaseNotes = 'Upload pictures and watch them being made ready.';
