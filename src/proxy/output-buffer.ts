import type net from 'node:net';

const bytes = 160 * 1024;

/**
 * One buffer in which answers are put together. Nearly every write goes to the kernel at once, so the same memory can
 * be used for the next; when one did not, its memory is left to it and a new buffer is made.
 */
export class OutputBuffer {
  #buffer: Buffer | null = null;

  /** Memory for one write of `length` bytes to `socket`; `written` must be called before the next call. */
  take(socket: net.Socket, length: number): Buffer {
    // TLS finishes no write at once: the buffer would be a new one each time.
    if (length > bytes || length < 2048 || 'encrypted' in socket) return Buffer.allocUnsafe(length);
    this.#buffer ??= Buffer.allocUnsafeSlow(bytes);
    return this.#buffer.subarray(0, length);
  }

  /** The memory was given to `socket`. */
  written(socket: net.Socket): void {
    if (socket.writableLength > 0 && !('encrypted' in socket)) this.#buffer = null;
  }
}
