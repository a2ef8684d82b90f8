import assert from "node:assert/strict";
import { LibcError, openLibc } from "../../ffi/libc/mod.ts";
import { libcTest } from "./support.ts";

libcTest("Everything works in a worker that has only ffi on libc's path", async (path) => {
  const worker = new Worker(new URL("./grant_worker.ts", import.meta.url), {
    type: "module",
    deno: {
      permissions: {
        ffi: [path],
        read: false,
        write: false,
        net: false,
        env: false,
        sys: false,
        run: false,
        import: false,
      },
    },
  });
  const answer = await new Promise<unknown>((resolve, reject) => {
    worker.onmessage = (event) => resolve(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(path);
  });
  worker.terminate();
  assert.deepEqual(answer, {
    unsafePointer: "refused",
    octets: [3, 4, 5],
    errno: "ENOENT",
    datagram: [1, 2, 3],
    ready: 1,
  });
});

libcTest("A failed call tells errno by name and in words", (path) => {
  const libc = openLibc(path);
  assert.throws(
    () => libc.unwrap(libc.c.close(-1), "close it"),
    (error) => error instanceof LibcError && error.message === "Cannot close it: bad file descriptor (EBADF)",
  );
  assert.equal(libc.unwrap(7, "do nothing"), 7);
  assert.throws(() => libc.pointerTo(new Uint8Array(0)), RangeError);
  libc.close();
});

libcTest("The address of a part of a buffer is the buffer's plus its offset", (path) => {
  const libc = openLibc(path);
  const buffer = new Uint8Array(64);
  assert.equal(libc.addressOf(buffer.subarray(5)) - libc.addressOf(buffer), 5n);
  libc.close();
});
