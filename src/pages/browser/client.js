/**
 * Keeps ages counting, fetches the page again when the server says that there is news, and changes only what differs, so that scroll position, focus
 * and opened parts stay. Browsers get this file as it is: ES2021, no library.
 */
'use strict';
(() => {
  /** @param {string} id */
  const byId = (id) => {
    const element = document.getElementById(id);
    if (!element) throw new Error(`the page has no #${id}`);
    return element;
  };
  const main = byId('main');
  const live = byId('live');
  const lost = byId('lost');
  document.documentElement.classList.add('js');

  /** How far the server's clock is ahead of the browser's, in milliseconds. */
  let aheadMs = Number(main.dataset.now) - Date.now();
  let seenAt = new Date();

  /**
   * As `durationWords` has it on the server; again, as nothing is imported here. A test compares them.
   * @param {number} ms
   */
  const ageText = (ms) => {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 120) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 120) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
  };

  const countAges = () => {
    if (document.hidden) return;
    const nowMs = Date.now() + aheadMs;
    for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll('time[data-age]'))) {
      const text = ageText(nowMs - Date.parse(time.dateTime));
      if (time.textContent !== text) time.textContent = text;
    }
  };
  setInterval(countAges, 1000);

  /**
   * What tells an element among its siblings; empty when nothing does.
   * @param {Node} node
   */
  const keyOf = (node) => (node instanceof Element ? node.getAttribute('data-key') || node.id : '');

  /** @param {Element} row */
  const flash = (row) => {
    row.setAttribute('data-flash', '');
    setTimeout(() => row.removeAttribute('data-flash'), 6000);
  };

  /**
   * Makes a node like another, with as few changes as possible.
   * @param {Node} from
   * @param {Node} to
   */
  const morph = (from, to) => {
    if (from.isEqualNode(to)) return;
    if (from instanceof CharacterData && to instanceof CharacterData) {
      if (from.data !== to.data) from.data = to.data;
      return;
    }
    if (!(from instanceof Element) || !(to instanceof Element)) return;
    const condition = from.getAttribute('data-condition');
    if (condition && condition !== to.getAttribute('data-condition')) flash(from);
    for (const name of from.getAttributeNames()) {
      if (!to.hasAttribute(name) && name !== 'open' && name !== 'data-flash') from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) {
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
    morphChildren(from, to);
  };

  /**
   * @param {Element} from
   * @param {Element} to
   */
  const morphChildren = (from, to) => {
    const wanted = new Set([...to.children].map(keyOf));
    /** @type {Map<string, ChildNode>} */
    const keyed = new Map();
    // A copy: the collection itself loses what is removed.
    for (const child of Array.from(from.children)) {
      const key = keyOf(child);
      if (key && (!wanted.has(key) || keyed.has(key))) child.remove();
      else if (key) keyed.set(key, child);
    }
    let at = from.firstChild;
    for (const want of to.childNodes) {
      const key = keyOf(want);
      let have = key ? keyed.get(key) : at;
      if (have && (have.nodeName !== want.nodeName || (!key && keyOf(have)))) have = undefined;
      if (!have) {
        from.insertBefore(document.importNode(want, true), at);
        continue;
      }
      if (have === at) at = at.nextSibling;
      else from.insertBefore(have, at);
      morph(have, want);
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  };

  /**
   * @param {Document} fresh
   * @param {HTMLElement} freshMain
   */
  const show = (fresh, freshMain) => {
    const focused = document.activeElement;
    document.title = fresh.title;
    const icon = fresh.querySelector('link[rel=icon]')?.getAttribute('href');
    const own = document.querySelector('link[rel=icon]');
    if (icon && own && own.getAttribute('href') !== icon) own.setAttribute('href', icon);
    morph(main, freshMain);
    if (focused instanceof HTMLElement && focused !== document.activeElement && focused.isConnected)
      focused.focus({ preventScroll: true });
    aheadMs = Number(main.dataset.now) - Date.now();
    seenAt = new Date();
    countAges();
  };

  const showLost = () => {
    lost.textContent = `The exporter does not answer. What you see is from ${seenAt.toLocaleTimeString()}.`;
    live.textContent = 'not connected';
    live.classList.remove('on');
  };
  const showFound = () => {
    if (lost.textContent) lost.textContent = '';
    const on = source?.readyState === EventSource.OPEN;
    live.textContent = on ? 'live' : 'asks every 30 s';
    live.classList.toggle('on', on);
  };

  /** @type {AbortController | undefined} */
  let fetching;
  const refresh = async () => {
    fetching?.abort();
    const mine = (fetching = new AbortController());
    try {
      const answer = await fetch(location.href, { signal: mine.signal, cache: 'no-store', credentials: 'same-origin' });
      const text = await answer.text();
      const isPage = answer.headers.get('content-type')?.startsWith('text/html');
      // A backend that is not there at present has a page, too: 404.
      if (!isPage || (!answer.ok && answer.status !== 404)) throw new Error(`status ${answer.status}`);
      const fresh = new DOMParser().parseFromString(text, 'text/html');
      if (mine.signal.aborted) return;
      const freshMain = fresh.getElementById('main');
      if (!freshMain) throw new Error('another page');
      show(fresh, freshMain);
      showFound();
    } catch {
      if (!mine.signal.aborted) showLost();
    } finally {
      if (fetching === mine) fetching = undefined;
    }
  };

  /** @type {EventSource | undefined} */
  let source;
  /** @type {number | undefined} */
  let due;
  const refreshSoon = () => {
    // Spread, so that many open pages do not ask in the same instant.
    due ??= setTimeout(
      () => {
        due = undefined;
        if (!document.hidden) void refresh();
      },
      100 + Math.random() * 400,
    );
  };
  let opened = false;
  const listen = () => {
    if (source || document.hidden) return;
    source = new EventSource('events');
    source.addEventListener('swap', refreshSoon);
    source.addEventListener('open', () => {
      // Something may have happened while nobody listened.
      if (opened) refreshSoon();
      else showFound();
      opened = true;
    });
    source.addEventListener('error', () => {
      if (source?.readyState === EventSource.CLOSED) stopListening();
      refreshSoon();
    });
  };
  const stopListening = () => {
    source?.close();
    source = undefined;
  };
  // A hidden page gives its connection back: browsers have only six for one server.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return stopListening();
    listen();
    void refresh();
  });
  addEventListener('pagehide', stopListening);
  addEventListener('pageshow', (event) => {
    if (event.persisted) listen();
  });
  setInterval(() => {
    if (document.hidden) return;
    if (source?.readyState !== EventSource.OPEN) void refresh();
    listen();
  }, 30_000);
  listen();

  /** @param {EventTarget | null} target */
  const filterOf = (target) => {
    const form = target instanceof Element ? target.closest('form.filter') : undefined;
    return form instanceof HTMLFormElement ? form : undefined;
  };
  /** @param {HTMLFormElement} form */
  const filter = (form) => {
    const target = new URL(form.getAttribute('action') ?? '', location.href);
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form))
      if (typeof value === 'string' && value !== '') query.append(name, value);
    target.search = query.toString();
    history.replaceState(null, '', target);
    void refresh();
  };
  /** @type {number | undefined} */
  let typing;
  document.addEventListener('input', ({ target }) => {
    const form = filterOf(target);
    if (!form) return;
    clearTimeout(typing);
    const types = target instanceof HTMLInputElement && target.type === 'search';
    typing = setTimeout(() => filter(form), types ? 200 : 0);
  });
  document.addEventListener('submit', (event) => {
    const form = filterOf(event.target);
    if (!form) return;
    event.preventDefault();
    clearTimeout(typing);
    filter(form);
  });

  /** @param {string} text */
  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Without TLS browsers give no clipboard but this one.
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'unseen';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (!done) throw new Error('not copied');
  };
  /**
   * @param {HTMLButtonElement} button
   * @param {string} url
   */
  const copyJson = async (button, url) => {
    const words = button.textContent;
    try {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      await copy(JSON.stringify(await answer.json(), null, 2));
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not copied';
    }
    setTimeout(() => (button.textContent = words), 2000);
  };
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button[data-copy]') : null;
    if (button instanceof HTMLButtonElement) void copyJson(button, button.dataset.copy ?? '');
  });
})();
