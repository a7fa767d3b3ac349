// Keeps the reading up with the pad: asks for the newest picture, tries again where that can help,
// and lets no late answer pass a newer one.

const PAUSE_MILLISECONDS = 110; // between two pictures while one draws
const MOST_UNDER_WAY = 2;
const LONGEST_WAIT_SECONDS = 8;

export class Live {
  /**
   * @param ask async () => the answer to the picture as it is now
   * @param onAnswer called with each answer that is newer than the one shown
   * @param onTrouble called with (trouble, seconds until the next try, or null for none)
   */
  constructor(ask, { onAnswer, onTrouble }) {
    Object.assign(this, { ask, onAnswer, onTrouble });
    this.newest = 0; // number of the last request that was sent
    this.shown = 0; // number of the answer or the lasting refusal that is shown
    this.underWay = 0;
    this.isDue = false; // whether the picture has changed since it was last sent
    this.failures = 0;
    this.timer = null;
    this.retry = null;
  }

  /** The picture has changed. */
  change() {
    this.isDue = true;
    clearTimeout(this.retry);
    this.timer ??= setTimeout(() => { this.timer = null; this.#sendIfDue(); }, PAUSE_MILLISECONDS);
  }

  /** There is no picture any more: what is under way is of no interest. */
  forget() {
    this.isDue = false;
    this.failures = 0;
    clearTimeout(this.retry);
    this.shown = ++this.newest;
  }

  /** Do not try again until the picture changes. */
  giveUp() {
    clearTimeout(this.retry);
  }

  /** Try again at once. */
  retryNow() {
    clearTimeout(this.retry);
    this.isDue = true;
    this.#sendIfDue();
  }

  #sendIfDue() {
    if (this.isDue && this.underWay < MOST_UNDER_WAY) this.#send();
  }

  async #send() {
    const number = ++this.newest;
    this.isDue = false;
    this.underWay += 1;
    try {
      const answer = await this.ask();
      if (number > this.shown) {
        this.shown = number;
        this.failures = 0;
        this.onAnswer(answer);
      }
    } catch (trouble) {
      if (number === this.newest && number > this.shown) this.#fail(trouble, number);
    } finally {
      this.underWay -= 1;
      if (this.timer === null) this.#sendIfDue();
    }
  }

  #fail(trouble, number) {
    if (!trouble.isPassing) {
      this.shown = number;
      this.onTrouble(trouble, null);
      return;
    }
    const seconds = Math.min(trouble.retryAfter ?? 2 ** this.failures, LONGEST_WAIT_SECONDS);
    this.failures += 1;
    this.retry = setTimeout(() => this.retryNow(), seconds * 1000);
    this.onTrouble(trouble, seconds);
  }
}
