import { PALETTE } from './palette.ts';
import { CONDITION_STYLE } from './condition-style.ts';

/** The style sheet of the pages: system fonts, two themes, no image. */
export const STYLE = `${PALETTE}${CONDITION_STYLE}
* { box-sizing: border-box; }
html { font: 100%/1.45 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif; background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 0 1.5rem; max-width: 84rem; }
h1, h2, p, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
a { color: var(--link); text-underline-offset: .15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
code, .name, .host { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace; font-size: .93em; }
code, .name { overflow-wrap: anywhere; }
time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.quiet { color: var(--quiet); }
.unseen, .skip:not(:focus) { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
html:not(.js) .needs-js { display: none; }
html.js .filter button { display: none; }
.skip { position: absolute; left: 1rem; top: .25rem; padding: .25rem .75rem; background: var(--sheet); z-index: 1; }

.top { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; padding: .9rem 0 .7rem; border-bottom: 1px solid var(--line); font-size: .875rem; }
.trail { display: flex; flex-wrap: wrap; gap: .25rem .6rem; }
.trail li + li::before { content: "/"; margin-right: .6rem; color: var(--quiet); }
.brand { font-weight: 600; color: inherit; text-decoration: none; }
.brand:hover { text-decoration: underline; }
.live { color: var(--quiet); white-space: nowrap; }
.live::before { content: ""; display: inline-block; width: .5rem; height: .5rem; margin-right: .4rem; border-radius: 50%; border: 1.5px solid currentColor; }
.live.on::before { background: var(--good); border-color: var(--good); }
.lost { padding: .6rem .9rem; margin-top: 1rem; border-left: 4px solid var(--bad); background: var(--bad-wash); color: var(--ink); }
.lost:empty { display: none; }

.headline { display: flex; gap: .8rem; align-items: flex-start; margin: 2rem 0 .5rem; font-size: clamp(1.25rem, 1rem + 1.3vw, 1.75rem); line-height: 1.3; font-weight: 600; letter-spacing: -.01em; text-wrap: pretty; }
.headline .quiet { font-weight: 400; }
.mark { flex: none; display: grid; place-items: center; width: 1.6em; height: 1.6em; margin-top: -.15em; border-radius: 50%; font-size: .85em; color: var(--sheet); background: var(--tone); }
.facts { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin-bottom: 1.5rem; font-size: .875rem; }
p.quiet.facts { display: block; }
h2 { margin: 2.2rem 0 .7rem; font-size: 1rem; font-weight: 600; }
h2.unseen { margin: -1px; }
.trouble { margin: 1rem 0; padding: .8rem 1rem; border: 1px solid var(--line); border-left: 4px solid var(--tone); background: var(--sheet); border-radius: 3px; font-size: .9375rem; }
.trouble h2 { margin: 0 0 .2rem; }
.trouble .quiet code { display: block; margin-top: .3rem; }
.rule { font-weight: 600; }
.empty { padding: 2rem 0; color: var(--quiet); }

.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1.5rem 0 1rem; }
.count { display: inline-block; padding: .3rem .75rem; border-radius: 3px; font-size: .9375rem; color: var(--fore); background: var(--wash); text-decoration: none; border: 1px solid transparent; }
.count b { font-size: 1.1em; font-variant-numeric: tabular-nums; }
.count:hover { border-color: currentColor; }
.count[aria-current] { border-color: currentColor; box-shadow: inset 0 -3px currentColor; }
.filter { display: flex; flex-wrap: wrap; align-items: end; gap: .6rem 1rem; margin: 1rem 0; font-size: .875rem; }
.filter label { display: grid; gap: .15rem; color: var(--quiet); }
.filter label:first-of-type { flex: 0 1 20rem; }
input, select, button { font: inherit; font-size: .9375rem; color: var(--ink); background: var(--sheet); border: 1px solid var(--edge); border-radius: 3px; padding: .35rem .6rem; min-height: 2.25rem; width: 100%; }
button { width: auto; cursor: pointer; }
input::placeholder { color: var(--quiet); opacity: 1; }
.shown { margin-left: auto; padding-bottom: .45rem; color: var(--quiet); }

table { width: 100%; border-collapse: collapse; background: var(--sheet); font-size: .875rem; }
th, td { padding: .6rem .75rem; text-align: left; vertical-align: top; font-weight: 400; border-bottom: 1px solid var(--line); }
thead th { font-size: .8125rem; color: var(--quiet); padding-block: .45rem; white-space: nowrap; }
table { border: 1px solid var(--line); border-radius: 3px; }
.backends { table-layout: fixed; }
.backends th:nth-child(1) { width: 9.75rem; }
.backends th:nth-child(3) { width: 8.25rem; }
.backends th:nth-child(4) { width: 12.5rem; }
.backends th:nth-child(5) { width: 19rem; }
.backends tbody tr { box-shadow: inset 3px 0 var(--solid, transparent); }
.host { font-size: .9375rem; font-weight: 600; color: inherit; text-decoration-color: var(--edge); }
.reason { margin-top: .1rem; overflow-wrap: anywhere; text-wrap: pretty; color: var(--soft); }
.go { white-space: nowrap; }
.go + .go { margin-left: .9rem; }
.tags { display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin-top: .15rem; color: var(--quiet); font-size: .8125rem; }
.when { display: block; font-size: .8125rem; }
.badge { display: inline-block; padding: .1rem .55rem; border-radius: 3px; color: var(--fore); background: var(--wash); font-weight: 600; white-space: nowrap; }
.fills li { display: grid; grid-template-columns: 3.5rem minmax(0, 1fr) auto; gap: .6rem; align-items: baseline; font-size: .8125rem; }
.fills .bar { align-self: center; }
.fills li.quiet { display: block; font-size: .8125rem; }
.fill { font-size: .8125rem; white-space: nowrap; }
.bar { display: block; width: 3.5rem; height: .5rem; }
td.fills .bar { margin: .35rem 0 .2rem; width: 7rem; }
td.fills { min-width: 8.5rem; }
.bar-room { fill: var(--room); }
.bar-none .bar-room { fill: none; stroke: var(--edge); stroke-width: 1; stroke-dasharray: 3 3; vector-effect: non-scaling-stroke; }
.bar-reserved { fill: var(--edge); }
.bar-used { fill: var(--used); }
.bar-full { fill: var(--bad); }
.strip { display: block; width: 100%; height: 1rem; background: linear-gradient(var(--line), var(--line)) bottom / 100% 1px no-repeat; shape-rendering: crispEdges; }
.past .strip { margin-top: .2rem; }
.pages { display: flex; justify-content: center; gap: 1.5rem; padding: 1.2rem 0; font-size: .9375rem; }
[data-flash] { animation: flash 5s ease-out; }
@keyframes flash { from { background: var(--flash); } }

.clouds td, .clouds th { vertical-align: middle; }
.clouds th[scope=row] { font-weight: 600; white-space: nowrap; }
.dot { display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; background: var(--tone); margin-right: .5rem; }
.minis { display: flex; flex-wrap: wrap; gap: .3rem; }
.mini { padding: 0 .4rem; border-radius: 3px; color: var(--fore); background: var(--wash); font-variant-numeric: tabular-nums; white-space: nowrap; }

h1.backend { margin: 2rem 0 .6rem; font-size: clamp(1.1rem, 1rem + 1vw, 1.5rem); line-height: 1.3; }
.verdict { max-width: 60rem; margin-bottom: .8rem; font-size: 1.125rem; }
.verdict .badge { margin-right: .4rem; }
.verdict { overflow-wrap: anywhere; }
.facts .when { display: inline; margin-left: .35rem; font-size: inherit; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; margin-bottom: 1.5rem; font-size: .9375rem; }
.actions .go { margin: 0; }
.past-wide { padding: 1rem; border: 1px solid var(--line); border-radius: 3px; background: var(--sheet); }
.past-wide .strip { height: 2.5rem; }
.scale { display: flex; justify-content: space-between; margin-top: .3rem; font-size: .75rem; color: var(--quiet); }
.past-wide + p { margin-top: .5rem; font-size: .875rem; }
.changes { margin-top: .8rem; font-size: .875rem; }
summary { cursor: pointer; padding: .2rem 0; }
.changes table { width: auto; min-width: min(100%, 30rem); }
.wide { overflow-x: auto; }
.wide th[scope=row] { font-weight: 600; min-width: 9rem; max-width: 22rem; }
.wide td { min-width: 5.5rem; }
.pool-table { font-size: .8125rem; }
.pool-table th, .pool-table td { padding-inline: .6rem; }
.pool-table td { white-space: nowrap; }
.pool-table td:last-child { white-space: normal; min-width: 9rem; }

footer { margin: 3rem 0 2rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .8125rem; color: var(--quiet); display: grid; gap: .5rem; }
.links { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; }

@media (max-width: 60rem) {
  .backends th:nth-child(4) { width: 9rem; }
  .backends th:nth-child(5) { width: 15rem; }
}
@media (max-width: 50rem) {
  body { padding: 0 1rem; }
  .headline { margin-top: 1.3rem; }
  .filter label { flex: 1 1 8rem; }
  .filter label:first-of-type { flex: 1 1 100%; }
  .backends thead, .clouds thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .backends, .backends tbody, .backends tr, .clouds, .clouds tbody, .clouds tr { display: block; }
  .backends th, .backends td, .clouds th, .clouds td { display: block; width: auto; border: 0; padding: 0; }
  .backends tr, .clouds tr { padding: .8rem .9rem; border-bottom: 1px solid var(--line); }
  .backends tr { display: grid; grid-template-columns: auto 1fr; gap: .45rem .8rem; align-items: center; }
  .backends tr > th { grid-column: 1 / -1; }
  .backends tr > .past, .backends tr > .pools { grid-column: 1 / -1; }
  .backends tr > .for { grid-row: 1; grid-column: 2; justify-self: end; text-align: right; }
  .backends tr > .for .when { display: inline; margin-left: .4rem; }
  .clouds td { margin-top: .3rem; }
}
@media (max-width: 26rem) {
  .backends tr > .for .when { display: none; }
}
@media (prefers-reduced-motion: reduce) {
  [data-flash] { animation: none; outline: 2px solid var(--quiet); outline-offset: -2px; }
}
@media (forced-colors: active) {
  .badge, .count, .mini { border: 1px solid; }
  .bar-used { fill: CanvasText; }
  .strip rect { forced-color-adjust: none; }
}
@media print {
  .filter, .top .live, .pages { display: none; }
}
`;
