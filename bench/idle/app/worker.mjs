// Waits for work that never comes.
const waiting = setInterval(() => undefined, 60_000);
process.on('SIGTERM', () => clearInterval(waiting));
