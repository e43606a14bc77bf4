import type net from 'node:net';

const bytes = 160 * 1024;

/**
 * One buffer in which answers are put together. Nearly every write goes to the kernel at once, so the same memory can
 * be used for the next; when one did not, its memory is left to it and a new buffer is made.
 */
export class OutputBuffer {
  #buffer: Buffer | null = null;

  /** Memory for one write of `length` bytes; `written` must be called before the next call. */
  take(length: number): Buffer {
    if (length > bytes || length < 2048) return Buffer.allocUnsafe(length);
    this.#buffer ??= Buffer.allocUnsafeSlow(bytes);
    return this.#buffer.subarray(0, length);
  }

  /** The memory was given to `socket`. */
  written(socket: net.Socket): void {
    if (socket.writableLength > 0) this.#buffer = null;
  }
}
