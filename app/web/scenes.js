// What lies on the pad, step by step. A scene is never changed once made, so undoing is going back.
//
// A scene is either strokes (each a list of {x, y, width}, in heights of the pad) or a picture
// ({blob, name, image, isInk}), or empty.

const EMPTY = Object.freeze({ strokes: [], picture: null });

const MOST_STEPS = 200;

export class Scenes {
  #steps = [EMPTY];

  get current() {
    return this.#steps.at(-1);
  }

  get isEmpty() {
    return this.current.picture === null && this.current.strokes.length === 0;
  }

  get canUndo() {
    return this.#steps.length > 1;
  }

  /** Begin a stroke; on a picture it begins anew. */
  addStroke(point) {
    this.#push({ strokes: [...this.current.strokes, [point]], picture: null });
  }

  /** Go on with the stroke that was begun, which is the same step. */
  extendStroke(point) {
    this.current.strokes.at(-1).push(point);
  }

  show(picture) {
    this.#push({ strokes: [], picture });
  }

  clear() {
    if (!this.isEmpty) this.#push(EMPTY);
  }

  undo() {
    if (this.canUndo) this.#steps.pop();
  }

  #push(scene) {
    this.#steps.push(scene);
    if (this.#steps.length > MOST_STEPS) this.#steps.shift();
  }
}
