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

  /** The server beats every 3 s: after two missed beats the connection is looked at. In milliseconds, as all times here. */
  const SILENT_MS = 6500;
  /** No answer takes longer. With the silence before it, a dead network is told within 15 s. */
  const PATIENCE_MS = 5000;
  /** How often a page without a stream of events is fetched again; a hidden one is looked at less often. */
  const POLL_MS = 30_000;
  const HIDDEN_MS = 60_000;
  const LOST_ICON = 'favicon.svg?tone=lost';

  /** The reader wants the page to stand still. */
  let isPaused = false;
  /** How far the server's clock is ahead of the browser's, in milliseconds. */
  let aheadMs = Number(main.dataset.now) - Date.now();
  let isLost = false;
  /** When the exporter was last heard, asked in vain, and fetched from, by a clock that is never set. */
  let heardAt = performance.now();
  let triedAt = heardAt;
  let fetchedAt = heardAt;
  /** The title and the icon of the page that was fetched last. */
  let told = { title: document.title, icon: document.querySelector('link[rel=icon]')?.getAttribute('href') ?? '' };
  // Kept by the browser, as it cannot be fetched when it is needed.
  new Image().src = LOST_ICON;

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
    // What nobody knows any more must not go on counting.
    if (document.hidden || isLost || isPaused) return;
    const nowMs = Date.now() + aheadMs;
    for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll('time[data-age]'))) {
      const text = ageText(nowMs - Date.parse(time.dateTime));
      if (time.textContent !== text) time.textContent = text;
    }
  };
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
      // What a reader has opened or closed stays so.
      if (name !== 'open' && from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
    morphChildren(from, to);
  };

  /**
   * Takes a node away, and gives the one after it.
   * @param {ChildNode} node
   */
  const without = (node) => {
    const next = node.nextSibling;
    node.remove();
    return next;
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
        const fresh = document.importNode(want, true);
        from.insertBefore(fresh, at);
        if (fresh instanceof Element && fresh.matches('tr') && fresh.querySelector('.new')) flash(fresh);
        continue;
      }
      // What would have to move loses the focus for a moment: what stands before it and has no key goes instead.
      if (key) {
        while (at && at !== have && !keyOf(at)) at = without(at);
      }
      if (have === at) at = at.nextSibling;
      else from.insertBefore(have, at);
      morph(have, want);
    }
    while (at) at = without(at);
  };

  /**
   * @param {Document} fresh
   * @param {HTMLElement} freshMain
   */
  const show = (fresh, freshMain) => {
    const focused = document.activeElement;
    told = { title: fresh.title, icon: fresh.querySelector('link[rel=icon]')?.getAttribute('href') ?? '' };
    showZone(freshMain);
    morph(main, freshMain);
    if (focused instanceof HTMLElement && focused !== document.activeElement && focused.isConnected)
      focused.focus({ preventScroll: true });
    aheadMs = Number(main.dataset.now) - Date.now();
  };

  /**
   * Sets what differs, so that nothing is told twice.
   * @param {Element} element
   * @param {string} text
   */
  const say = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  /** The zone in which times are shown: `''` is UTC, as the server writes them. */
  const ZONE = 'cinder-exporter-zone';
  let zone = '';
  try {
    zone = localStorage.getItem(ZONE) ?? '';
  } catch {
    // A browser may forbid to remember anything.
  }
  /**
   * A moment in the reader's own zone, which is named; with the date when it is not within twelve hours of now, as on the server.
   * @param {number} ms
   * @param {boolean} [seconds]
   */
  const localText = (ms, seconds = false) => {
    const far = Math.abs(Date.now() + aheadMs - ms) >= 12 * 3_600_000;
    /** @type {Intl.DateTimeFormatOptions} */
    const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' };
    if (far) Object.assign(time, { year: 'numeric', month: '2-digit', day: '2-digit' });
    if (seconds) time.second = '2-digit';
    return new Intl.DateTimeFormat('en-GB', time).format(ms);
  };
  const timeOfPage = () => {
    const ms = Number(main.dataset.now);
    return zone ? localText(ms, true) : `${new Date(ms).toISOString().slice(11, 19)} UTC`;
  };
  /** @param {Element} root */
  const showZone = (root) => {
    for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll('time[data-moment]'))) {
      time.dataset.utc ??= time.textContent ?? '';
      say(time, zone ? localText(Date.parse(time.dateTime)) : time.dataset.utc);
    }
    say(byId('zone'), zone ? 'local time' : 'UTC');
  };

  const showConnection = () => {
    const on = !isLost && !isPaused && isBeating();
    document.documentElement.classList.toggle('lost', isLost);
    live.classList.toggle('on', on);
    if (isPaused) say(live, `paused at ${timeOfPage()}`);
    else if (isLost) say(live, 'not connected');
    else if (on) say(live, 'live');
    else say(live, opened ? `asks every ${ageText(POLL_MS)}` : 'connecting');
    if (on) live.dataset.heard = `heard ${ageText(performance.now() - heardAt)} ago`;
    else delete live.dataset.heard;
    const title = isPaused ? `paused · ${told.title}` : isLost ? 'not connected · Cinder' : told.title;
    if (document.title !== title) document.title = title;
    const icon = document.querySelector('link[rel=icon]');
    const href = isLost ? LOST_ICON : told.icon;
    if (icon && href && icon.getAttribute('href') !== href) icon.setAttribute('href', href);
  };
  /** @param {string} why */
  const showLost = (why) => {
    isLost = true;
    triedAt = performance.now();
    say(lost, `${why} What you see is from ${timeOfPage()}.`);
    showConnection();
  };
  const showFound = () => {
    isLost = false;
    heardAt = performance.now();
    say(lost, '');
    showConnection();
    countAges();
  };

  /**
   * An answer within a time that people wait for. `take` reads its body within the same time.
   * @template T
   * @param {string} url
   * @param {AbortController} control
   * @param {(answer: Response) => Promise<T>} take
   * @returns {Promise<T>}
   */
  const ask = async (url, control, take) => {
    const timer = setTimeout(() => control.abort(), PATIENCE_MS);
    try {
      return await take(await fetch(url, { signal: control.signal, cache: 'no-store', credentials: 'same-origin' }));
    } finally {
      clearTimeout(timer);
    }
  };

  /** The exporter answered, but not with what was asked for. */
  class OddAnswer extends Error {}

  /** @type {AbortController | undefined} */
  let fetching;
  /**
   * Asks for something, and tells whether the exporter answers. What is asked for later replaces what was asked for before.
   * @template T
   * @param {string} url
   * @param {(answer: Response) => Promise<T>} take
   * @param {(taken: T) => void} done
   */
  const look = async (url, take, done) => {
    fetching?.abort();
    const mine = (fetching = new AbortController());
    try {
      const taken = await ask(url, mine, take);
      if (fetching !== mine) return;
      done(taken);
      showFound();
    } catch (error) {
      if (fetching === mine) showLost(error instanceof OddAnswer ? error.message : 'The exporter does not answer.');
    } finally {
      if (fetching === mine) fetching = undefined;
    }
  };
  const refresh = async () =>
    isPaused ||
    look(
      location.href,
      async (answer) => {
        const isPage = answer.headers.get('content-type')?.startsWith('text/html');
        // A backend that is not there at present has a page, too: 404.
        if (!isPage || (!answer.ok && answer.status !== 404))
          throw new OddAnswer(`The answer is no page of the exporter (status ${answer.status}).`);
        return new DOMParser().parseFromString(await answer.text(), 'text/html');
      },
      (fresh) => {
        const freshMain = fresh.getElementById('main');
        if (!freshMain) throw new OddAnswer('The answer is no page of the exporter.');
        show(fresh, freshMain);
        fetchedAt = performance.now();
      },
    );
  /** Is it there at all? Costs the exporter next to nothing. */
  const probe = () =>
    look(
      '-/healthy',
      async (answer) => {
        if (!answer.ok) throw new OddAnswer(`The exporter answers with status ${answer.status}.`);
      },
      () => {},
    );

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
  /** A beat has come on this stream: nothing on the way holds it back. */
  let beats = false;
  const isBeating = () => beats && source?.readyState === EventSource.OPEN;
  const listen = () => {
    if (source || document.hidden || isPaused) return;
    source = new EventSource('events');
    source.addEventListener('swap', () => {
      heardAt = performance.now();
      refreshSoon();
    });
    source.addEventListener('beat', () => {
      beats = true;
      if (isLost) return refreshSoon();
      heardAt = performance.now();
      showConnection();
    });
    source.addEventListener('open', () => {
      // Something may have happened while nobody listened.
      if (opened) refreshSoon();
      opened = true;
    });
    source.addEventListener('error', () => {
      opened = true;
      if (source?.readyState === EventSource.CLOSED) stopListening();
      refreshSoon();
    });
  };
  const stopListening = () => {
    source?.close();
    source = undefined;
    beats = false;
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
    if (isPaused) return;
    countAges();
    showConnection();
    const now = performance.now();
    const patience = document.hidden ? HIDDEN_MS : isLost ? PATIENCE_MS : SILENT_MS;
    if (fetching || now - Math.max(heardAt, triedAt) < patience) return;
    // A stream that says nothing is dead, or held back on the way.
    stopListening();
    void (isLost || document.hidden || now - fetchedAt >= POLL_MS ? refresh() : probe());
  }, 1000);
  // A stream that was given up is tried again.
  setInterval(listen, POLL_MS);
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

  byId('zone').addEventListener('click', () => {
    zone = zone ? '' : 'local';
    try {
      localStorage.setItem(ZONE, zone);
    } catch {
      // Then it holds for this page alone.
    }
    showZone(main);
    showConnection();
  });
  showZone(main);
  const pause = byId('pause');
  pause.addEventListener('click', () => {
    isPaused = !isPaused;
    pause.setAttribute('aria-pressed', String(isPaused));
    say(pause, isPaused ? 'Go on' : 'Pause');
    if (isPaused) stopListening();
    else listen();
    showConnection();
    void refresh();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest('input, select, textarea')) return;
    const search = main.querySelector('input[type=search]');
    if (!(search instanceof HTMLInputElement)) return;
    event.preventDefault();
    search.focus();
    search.select();
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
   * Says on the button whether it went well.
   * @param {HTMLButtonElement} button
   * @param {() => Promise<string>} textOf
   */
  const copyFrom = async (button, textOf) => {
    const words = button.textContent;
    try {
      await copy(await textOf());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not copied';
    }
    setTimeout(() => (button.textContent = words), 2000);
  };
  /** @param {string} url */
  const jsonText = (url) =>
    ask(url, new AbortController(), async (answer) => {
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      return JSON.stringify(await answer.json(), null, 2);
    });
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button') : null;
    if (!button) return;
    const { copy: url, copyText: id } = button.dataset;
    if (url) void copyFrom(button, () => jsonText(url));
    if (id) void copyFrom(button, async () => `${byId(id).textContent}\nPage: ${location.href}\n`);
  });
})();
