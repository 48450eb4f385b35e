import { connect } from 'node:net';
import { once } from 'node:events';

/** A kept-alive connection that asks for one page, compressed, and reads it to the last byte without looking at it. */
export interface Connection {
  /** One at a time. Rejects unless the status is 200. */
  readonly get: () => Promise<void>;
  readonly close: () => void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const EMPTY = Buffer.alloc(0);

/** As cheap as Node can: the client must not be the slower side. */
export async function openConnection(port: number, path: string): Promise<Connection> {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/plain;version=0.0.4\r\nAccept-Encoding: gzip\r\n\r\n`;
  let done: { resolve: () => void; reject: (error: Error) => void } | undefined;
  let head: Buffer | undefined = EMPTY;
  let left = 0;

  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    done?.reject(error);
  };
  const received = (size: number, bytes: Uint8Array): boolean => {
    let body = size;
    if (head) {
      head = Buffer.concat([head, bytes.subarray(0, size)]);
      const end = head.indexOf(HEAD_END);
      if (end === -1) return true;
      const text = head.toString('latin1', 0, end);
      if (!text.startsWith('HTTP/1.1 200')) fail(new Error(text));
      left = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      body = head.length - end - HEAD_END.length;
      head = undefined;
    }
    left -= body;
    if (left > 0) return true;
    head = EMPTY;
    done?.resolve();
    return true;
  };

  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: { buffer: Buffer.allocUnsafe(1 << 18), callback: received },
  });
  await once(socket, 'connect');
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the connection was closed')));
  return {
    get: () =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        done = { resolve, reject };
        return socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}
