/**
 * The script of the pages, as browsers get it: keeps ages counting, fetches the page again when the server says that there is news,
 * and changes only what differs, so that scroll position, focus and opened parts stay. Plain ES2020, no library.
 */
export const CLIENT = String.raw`'use strict';
(() => {
  const root = document.documentElement;
  const main = document.getElementById('main');
  const live = document.getElementById('live');
  const lost = document.getElementById('lost');
  root.classList.add('js');
  let ahead = Number(main.dataset.now) - Date.now();
  let seenAt = new Date();

  const ageText = (ms) => {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 120) return seconds + ' s';
    const minutes = Math.floor(seconds / 60);
    if (minutes < 120) return minutes + ' min';
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? hours + ' h' : Math.floor(hours / 24) + ' d';
  };
  const tick = () => {
    if (document.hidden) return;
    const now = Date.now() + ahead;
    for (const time of document.querySelectorAll('time[data-age]')) {
      const text = ageText(now - Date.parse(time.dateTime));
      if (time.textContent !== text) time.textContent = text;
    }
  };
  setInterval(tick, 1000);

  const keyOf = (node) => (node.nodeType === 1 ? node.dataset.key || node.id : '');
  const morph = (from, to) => {
    if (from.isEqualNode(to)) return;
    if (from.nodeType !== 1) {
      if (from.data !== to.data) from.data = to.data;
      return;
    }
    if (from.dataset.condition && from.dataset.condition !== to.dataset.condition) flash(from);
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !(name === 'open' || name === 'data-flash')) from.removeAttribute(name);
    }
    for (const { name, value } of [...to.attributes]) {
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
    morphChildren(from, to);
  };
  const morphChildren = (from, to) => {
    const wanted = new Set([...to.children].map(keyOf));
    const keyed = new Map();
    for (const child of [...from.children]) {
      const key = keyOf(child);
      if (key && (!wanted.has(key) || keyed.has(key))) child.remove();
      else if (key) keyed.set(key, child);
    }
    let at = from.firstChild;
    for (const want of [...to.childNodes]) {
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
  const flash = (row) => {
    row.setAttribute('data-flash', '');
    setTimeout(() => row.removeAttribute('data-flash'), 6000);
  };

  const shows = (fresh) => {
    const focused = document.activeElement;
    document.title = fresh.title;
    const icon = fresh.querySelector('link[rel=icon]');
    const own = document.querySelector('link[rel=icon]');
    if (icon && own && own.getAttribute('href') !== icon.getAttribute('href')) own.setAttribute('href', icon.getAttribute('href'));
    morph(main, fresh.getElementById('main'));
    if (focused && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    ahead = Number(main.dataset.now) - Date.now();
    seenAt = new Date();
    tick();
  };
  let fetching;
  const refresh = async () => {
    if (fetching) fetching.abort();
    const mine = (fetching = new AbortController());
    try {
      const answer = await fetch(location.href, { signal: mine.signal, cache: 'no-store', credentials: 'same-origin' });
      const text = await answer.text();
      if (!/^text\/html/.test(answer.headers.get('content-type') || '') || (!answer.ok && answer.status !== 404)) throw new Error('status ' + answer.status);
      const fresh = new DOMParser().parseFromString(text, 'text/html');
      if (mine.signal.aborted) return;
      if (!fresh.getElementById('main')) throw new Error('another page');
      shows(fresh);
      found();
    } catch (error) {
      if (error.name !== 'AbortError') lose();
    } finally {
      if (fetching === mine) fetching = undefined;
    }
  };
  const lose = () => {
    lost.textContent = 'The exporter does not answer. What you see is from ' + seenAt.toLocaleTimeString() + '.';
    live.textContent = 'not connected';
    live.classList.remove('on');
  };
  const found = () => {
    if (lost.textContent) lost.textContent = '';
    const on = Boolean(source && source.readyState === 1);
    live.textContent = on ? 'live' : 'asks every 30 s';
    live.classList.toggle('on', on);
  };

  let source;
  let due;
  const soon = () => {
    // Spread, so that many open pages do not ask in the same instant.
    due ??= setTimeout(() => {
      due = undefined;
      if (!document.hidden) refresh();
    }, 100 + Math.random() * 400);
  };
  let opened = false;
  const listen = () => {
    if (source || document.hidden) return;
    source = new EventSource('events');
    source.addEventListener('swap', soon);
    source.addEventListener('open', () => {
      // Something may have happened while nobody listened.
      if (opened) soon();
      else found();
      opened = true;
    });
    source.addEventListener('error', () => {
      if (source && source.readyState === 2) quit();
      soon();
    });
  };
  const quit = () => {
    if (source) source.close();
    source = undefined;
  };
  // A hidden page gives its connection back: browsers have only six for one server.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return quit();
    listen();
    refresh();
  });
  addEventListener('pagehide', quit);
  addEventListener('pageshow', (event) => {
    if (event.persisted) listen();
  });
  setInterval(() => {
    if (document.hidden) return;
    if (!source || source.readyState !== 1) refresh();
    listen();
  }, 30000);
  listen();

  let typing;
  const filter = (form) => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ''));
    const target = new URL(form.getAttribute('action'), location.href);
    target.search = query.toString();
    history.replaceState(null, '', target);
    refresh();
  };
  document.addEventListener('input', (event) => {
    const form = event.target.closest('form.filter');
    if (!form) return;
    clearTimeout(typing);
    typing = setTimeout(() => filter(form), event.target.type === 'search' ? 200 : 0);
  });
  document.addEventListener('submit', (event) => {
    if (!event.target.matches('form.filter')) return;
    event.preventDefault();
    clearTimeout(typing);
    filter(event.target);
  });

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
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button[data-copy]');
    if (!button) return;
    const words = button.textContent;
    try {
      const answer = await fetch(button.dataset.copy);
      if (!answer.ok) throw new Error('status ' + answer.status);
      await copy(JSON.stringify(await answer.json(), null, 2));
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not copied';
    }
    setTimeout(() => (button.textContent = words), 2000);
  });
})();
`;
