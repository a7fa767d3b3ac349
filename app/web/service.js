// The server's HTTP interface, and whether it is there.

import { isNumber, isReading } from './answers.js';

const HEALTH_SECONDS = 10; // while all is well
const TROUBLE_SECONDS = 1; // while it is not
const LONGEST_HEALTH = 5_000; // milliseconds; a server that only accepts is not there
const LONGEST_ANSWER = 30_000; // beyond what a server gives body and answer
const CODES = { 413: 'upload_too_large' }; // of a refusal that names none
const STATES = ['starting', 'ready', 'draining']; // that a server says it is in

/** The key that was given; kept as long as the tab is open, and given to nobody but the server. */
let key = null;

export function useKey(given) {
  key = given || null;
}

/** Whether one was given. */
export function hasKey() {
  return key !== null;
}

/** The headers that present the key; none where none was given. */
export function presentKey() {
  return key ? { 'x-api-key': key } : {};
}

/** What a server answered instead of a reading, or that it did not. */
export class Trouble extends Error {
  constructor(code, { status = 0, detail = '', retryAfter = null } = {}) {
    super(detail || code);
    Object.assign(this, { code, status, detail, retryAfter });
  }

  /** Whether the same picture may be read later. */
  get isPassing() {
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}

/**
 * Send one picture.
 *
 * @returns {answer, times}: the JSON, which holds all that is shown, and the milliseconds of each stage.
 * @throws Trouble
 */
export async function send(path, blob, name) {
  const form = new FormData();
  form.append('file', blob, name);
  const started = performance.now();
  let response;
  let answer;
  try {
    const signal = AbortSignal.timeout(LONGEST_ANSWER);
    response = await fetch(path, { method: 'POST', body: form, headers: presentKey(), signal });
    answer = await parse(response);
  } catch {
    throw new Trouble('unreachable');
  }
  if (!response.ok) throw refusal(response, answer);
  const isUnderstood = path === 'read' ? isNumber : isReading;
  if (!isUnderstood(answer)) throw new Trouble('not_understood', { status: response.status });
  const elapsed = performance.now() - started;
  return { answer, times: split(response.headers.get('server-timing') ?? '', elapsed) };
}

/** The JSON of an answer; null for what is none. */
async function parse(response) {
  try {
    return await response.json();
  } catch (error) {
    // A reading that was cut off may come whole the next time; of a refusal the status is enough.
    if (response.ok && !(error instanceof SyntaxError)) throw error;
    return null;
  }
}

/** What stands before the server refuses in its own way: then its status is all there is. */
function refusal(response, answer) {
  const { code = CODES[response.status] ?? 'unknown', detail = '' } = answer ?? {};
  const wait = Number(response.headers.get('retry-after'));
  const trouble = { status: response.status, detail, retryAfter: wait > 0 ? wait : null };
  return Object.assign(new Trouble(code, trouble), { hadKey: hasKey() });
}

/** Milliseconds by stage, in the order in which they are spent. */
function split(header, elapsed) {
  const told = Object.fromEntries(
    [...header.matchAll(/(\w+);dur=([\d.]+)/g)].map(([, stage, milliseconds]) => [stage, +milliseconds]),
  );
  const { decode = 0, normalise = 0, queue = 0, inference = 0, explain = 0, total = elapsed } = told;
  const picture = decode + normalise;
  const server = Math.max(0, total - picture - queue - inference - explain);
  const network = Math.max(0, elapsed - total);
  const times = { network, server, picture, queue, engine: inference };
  return 'explain' in told ? { ...times, explain } : times;
}

/** Asks for the server's health, often while there is something wrong. */
export class Watch {
  /** @param onChange called with the state and the health whenever the state changes */
  constructor(onChange) {
    this.state = 'checking';
    this.onChange = onChange;
    this.timer = null;
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.check(); });
  }

  /** Ask now, and go on asking. */
  async check() {
    clearTimeout(this.timer);
    const [state, health] = await ask();
    if (state !== this.state) {
      this.state = state;
      this.onChange(state, health);
    }
    const seconds = state === 'ready' ? HEALTH_SECONDS : TROUBLE_SECONDS;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { if (!document.hidden) this.check(); }, seconds * 1000);
    return state;
  }
}

async function ask() {
  try {
    const signal = AbortSignal.timeout(LONGEST_HEALTH);
    const health = await (await fetch('health', { cache: 'no-store', signal })).json();
    return STATES.includes(health.status) ? [health.status, health] : ['unreachable', null];
  } catch {
    return ['unreachable', null];
  }
}
