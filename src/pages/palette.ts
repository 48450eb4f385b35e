/** The colours that have no condition, in both themes. Every text colour has a contrast of at least 4.5 on its ground. */
export const PALETTE = `
:root {
  color-scheme: light dark;
  --paper: #f5f5f2; --sheet: #ffffff; --ink: #1b1e22; --soft: #3c434b; --quiet: #5b646e; --line: #dfdfd9; --edge: #8b9198; --room: #e3e4e0;
  --link: #1d5a9e; --used: #5b7da3; --flash: #fff3c4;
  --good: #2b7a4b; --warn: #96600a; --unsure: #6a479e; --bad: #b4281e; --bad-wash: #fbe5e2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131517; --sheet: #1a1d20; --ink: #e7e9eb; --soft: #c3c9cf; --quiet: #98a2ac; --line: #2c3136; --edge: #6b747d; --room: #31373d;
    --link: #8ab8ec; --used: #7d9fc6; --flash: #4a4218;
    --good: #63bd88; --warn: #e2b04a; --unsure: #b99be8; --bad: #f2897f; --bad-wash: #3d1d1a;
  }
}
.t-good { --tone: var(--good); } .t-warn { --tone: var(--warn); } .t-unsure { --tone: var(--unsure); } .t-bad { --tone: var(--bad); }
`;
