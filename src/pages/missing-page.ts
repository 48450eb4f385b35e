import { html } from '@remix-run/html-template';
import { withoutControls } from '../text.ts';
import { failureList } from './components.ts';
import { headlineTop } from './headline.ts';
import { layout } from './layout.ts';
import type { PageInput } from './listing.ts';

/** For a link whose cloud or backend is not there, or not any more. */
export function missingPage(input: PageInput, what: string, who: string, cloud: string | undefined): string {
  const known = input.clouds.find((one) => one.name === cloud);
  return layout(input, {
    title: `no such ${what}`,
    tone: 'unsure',
    trail: [],
    body: html`${headlineTop({ tone: 'unsure', title: `There is no ${what} ${who === '' ? 'without a name' : withoutControls(who)} at present`, line: '' }, [])}
      <p>
        It may have been removed, or could not be read lately. This page turns into its status when it comes back.
        <a href="./">All backends</a>
      </p>
      ${known ? failureList(known, input.nowMs, input.clouds.length > 1) : ''}`,
  });
}
