/** An error meant for people: its message says it all. Whatever else is thrown is a bug of ours, and is printed with its stack. */
export class UserError extends Error {}
