// oxlint-disable-next-line no-control-regex -- these are the characters that must be seen
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text from elsewhere with every character that one cannot see, or that turns the direction of writing, as its escape: `\u202e`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
