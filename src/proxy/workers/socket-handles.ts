import net from 'node:net';
import { invoke } from './listening-sockets.ts';

/**
 * Stops reading from a connection at once, below the stream: what comes from now on stays in the kernel, for whichever
 * process reads next. Needed before a socket is sent elsewhere, because Node.js goes on reading, and throws away what it
 * reads, until the other side has the socket. Returns the handle to send; null: the socket is closed, or its
 * bytes are encrypted.
 */
export function stopReading(socket: net.Socket): object | null {
  const handle = handleOf(socket);
  if (handle === null || Reflect.get(socket, 'encrypted') === true) return null;
  return invoke(handle, 'readStop', []) === 0 ? handle : null;
}

/** The handle of a socket that `stopReading` was called for. */
export function handleOf(socket: net.Socket): object | null {
  const handle: unknown = Reflect.get(socket, '_handle');
  return typeof handle === 'object' && handle !== null ? handle : null;
}

/** Undoes `stopReading`, for a socket that could not be sent. */
export function readAgain(socket: net.Socket): void {
  const handle = handleOf(socket);
  if (handle !== null) invoke(handle, 'readStart', []);
}

/** A connection from the handle that another process sent. It reads as soon as somebody listens for its data. */
export function socketOf(handle: unknown): net.Socket | null {
  if (typeof handle !== 'object' || handle === null) return null;
  const options: net.SocketConstructorOpts = { allowHalfOpen: true, readable: true, writable: true };
  return new net.Socket(Object.assign(options, { handle }));
}
