// Says what is wrong, and what happens next.

import { say } from './words.js';

const find = (id) => document.getElementById(id);

export class Notice {
  #last = null;

  /** The code of what is being said; null for nothing. */
  get code() {
    return this.#last?.[0].code ?? null;
  }

  /** @param seconds until the next try; null where none is made */
  explain(trouble, seconds, isNumber) {
    this.#last = [trouble, seconds, isNumber];
    const [kind, title, text] = describe(trouble, seconds, isNumber);
    find('notice-title').textContent = title;
    find('notice-text').textContent = text;
    find('notice').dataset.kind = kind;
    find('notice').hidden = false;
    this.#hide(find('key-form'), !needsKey(trouble));
  }

  clear() {
    this.#last = null;
    this.#hide(find('notice'), true);
  }

  /** Who has just given a key goes on at the pad, not nowhere. */
  #hide(element, isHidden) {
    if (isHidden && element.contains(document.activeElement)) find('pad').focus();
    element.hidden = isHidden;
  }

  /** Say the same in the language that is spoken now. */
  repeat() {
    if (this.#last) this.explain(...this.#last);
  }
}

const needsKey = ({ status }) => status === 401 || status === 403;

function describe({ code, status, detail, hadKey, bytes = 0 }, seconds, isNumber) {
  const values = { n: Math.ceil(seconds ?? 0), size: `${(bytes / 2 ** 20).toFixed(1)} MiB` };
  const told = (name, kind = 'wait') => [kind, say(`${name}_title`), say(`${name}_text`, values)];
  if (code === 'unreachable') return told('unreachable', 'trouble');
  if (code === 'connection_lost') return told('lost', 'trouble');
  if (code === 'not_understood') return told('odd', 'trouble');
  if (code === 'not_ready' || code === 'draining') return told(code);
  if (status === 404 && isNumber) return told('no_read');
  if (needsKey({ status })) return told(hadKey ? 'wrong_key' : 'no_key', 'trouble');
  if (status === 504) return told('late');
  if (seconds !== null) return told('busy');
  if (status >= 500) return ['trouble', say('trouble_title'), say(code) ?? detail];
  return ['wait', say('refused_title'), say(code) ?? (detail || say('no_reason'))];
}
