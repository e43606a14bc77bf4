import type { ResponseHead } from '../framing/response-head.ts';

/** A stream that has brought nothing for so long is between two events, in milliseconds. */
const quietMs = 20;
/** How long such a moment is waited for; from then on the next end of an event will do. */
const quietWaitMs = 1_000;
/** From then on the stream ends wherever it is: an event without its end is thrown away by the client. */
const eventWaitMs = 2_500;

const lf = '\n';
const cr = '\r';
/** Blank lines, by which events end (HTML Living Standard, 9.2.6). A lone CR behind LF may be half of a CRLF. */
const blankLines = [lf + lf, lf + cr + lf, cr + cr];
const carriedBytes = 2;

/**
 * Follows the payload of an event stream (HTTP/1 or HTTP/2), split anywhere, and ends it at its time between two events.
 * Every relay of such an answer passes its payload through `take`; the exchange asks `isTime` by the clock.
 */
export class EventStreamEnd {
  /** Where in the time in which streams are closed this one's turn is, from 0 to 1. */
  readonly turn = Math.random();
  /** It was ended before the app ended it: nothing more is passed on. */
  isOver = false;
  readonly #isReadable: boolean;
  #isUrgent = false;
  /** The last three bytes; before the first one the stream is between two events. */
  #last = 0x0a0a;

  /** `isReadable`: the payload is not compressed. In one that is, no border can be seen. */
  constructor(isReadable: boolean) {
    this.#isReadable = isReadable;
  }

  /** For the payload of this answer. */
  static of(head: ResponseHead): EventStreamEnd {
    return new EventStreamEnd(!/^content-encoding:/im.test(head.kept));
  }

  get isAtBorder(): boolean {
    if (!this.#isReadable) return true;
    const two = this.#last & 0xffff;
    return two === 0x0a0a || two === 0x0d0d || this.#last === 0x0a0d0a || this.#last === 0x0d0d0a;
  }

  /** How many bytes of this piece of payload, from its start, are to be passed on. */
  take(piece: Buffer): number {
    if (this.isOver) return 0;
    const end = this.#isUrgent ? this.#lastBorder(piece) : 0;
    if (end > 0) {
      this.isOver = true;
      return end;
    }
    for (let at = Math.max(0, piece.length - 3); at < piece.length; at++) {
      this.#last = ((this.#last << 8) | (piece[at] ?? 0)) & 0xffffff;
    }
    return piece.length;
  }

  /** Where the last event that is whole ends; not above 0: in none of these bytes. */
  #lastBorder(piece: Buffer): number {
    if (!this.#isReadable) return piece.length;
    const carried = Buffer.from([(this.#last >> 8) & 0xff, this.#last & 0xff]);
    const bytes = Buffer.concat([carried, piece]);
    const ends = blankLines.map((line) => {
      const at = bytes.lastIndexOf(line);
      return at < 0 ? 0 : at + line.length;
    });
    return Math.max(...ends) - carriedBytes;
  }

  /**
   * Is this the moment to end it? `overdueMs`: for how long it should have ended, below 0 it may stay; `silentMs`: since
   * when nothing has come.
   */
  isTime(overdueMs: number, silentMs: number): boolean {
    this.#isUrgent = overdueMs >= quietWaitMs;
    if (overdueMs < 0) return false;
    const isBetween = this.isAtBorder && (silentMs >= quietMs || this.#isUrgent);
    this.isOver = isBetween || overdueMs >= eventWaitMs;
    return this.isOver;
  }
}
