/** Memory and descriptors. See `symbols.ts` for the form. */
export const ioSymbols = {
  /** int *__errno_location(void): the calling thread's errno. */
  __errno_location: { parameters: [], result: "pointer" },

  /** void *memcpy(void *dest, const void *src, size_t n): with n = 0 the address of `dest`. */
  memcpy_address: {
    name: "memcpy",
    parameters: [
      "buffer", // void *dest
      "buffer", // const void *src
      "u32", // size_t n
    ],
    result: "u64",
  },
  /** The same, as a pointer for hot calls. */
  memcpy_pointer: {
    name: "memcpy",
    parameters: [
      "buffer", // void *dest
      "buffer", // const void *src
      "u32", // size_t n
    ],
    result: "pointer",
  },
  /** The same, to read C's memory. */
  memcpy_from: {
    name: "memcpy",
    parameters: [
      "buffer", // void *dest
      "pointer", // const void *src
      "u32", // size_t n
    ],
    result: "void",
  },

  /** int open(const char *pathname, int flags, mode_t mode) */
  open: {
    parameters: [
      "buffer", // const char *pathname
      "i32", // int flags
      "u32", // mode_t mode
    ],
    result: "i32",
  },
  /** int close(int fd) */
  close: {
    parameters: [
      "i32", // int fd
    ],
    result: "i32",
  },
  /** int dup2(int oldfd, int newfd) */
  dup2: {
    parameters: [
      "i32", // int oldfd
      "i32", // int newfd
    ],
    result: "i32",
  },
  /** int unlink(const char *pathname) */
  unlink: {
    parameters: [
      "buffer", // const char *pathname
    ],
    result: "i32",
  },
  /** ssize_t read(int fd, void *buf, size_t count) */
  read: {
    parameters: [
      "i32", // int fd
      "pointer", // void *buf
      "u32", // size_t count
    ],
    result: "i32",
  },
  read_buffer: {
    name: "read",
    parameters: [
      "i32", // int fd
      "buffer", // void *buf
      "u32", // size_t count
    ],
    result: "i32",
  },
  read_async: {
    name: "read",
    parameters: [
      "i32", // int fd
      "buffer", // void *buf
      "u32", // size_t count
    ],
    result: "i32",
    nonblocking: true,
  },
  /** ssize_t write(int fd, const void *buf, size_t count) */
  write: {
    parameters: [
      "i32", // int fd
      "pointer", // const void *buf
      "u32", // size_t count
    ],
    result: "i32",
  },
  write_buffer: {
    name: "write",
    parameters: [
      "i32", // int fd
      "buffer", // const void *buf
      "u32", // size_t count
    ],
    result: "i32",
  },
  /** int fcntl(int fd, int op, int arg) */
  fcntl: {
    parameters: [
      "i32", // int fd
      "i32", // int op
      "i32", // int arg
    ],
    result: "i32",
  },
  /** int ioctl(int fd, unsigned long op, void *argp) */
  ioctl: {
    parameters: [
      "i32", // int fd
      "u32", // unsigned long op
      "buffer", // void *argp
    ],
    result: "i32",
  },
  ioctl_value: {
    name: "ioctl",
    parameters: [
      "i32", // int fd
      "u32", // unsigned long op
      "u32", // unsigned long arg
    ],
    result: "i32",
  },
  /** int pipe2(int pipefd[2], int flags) */
  pipe2: {
    parameters: [
      "buffer", // int pipefd[2]
      "i32", // int flags
    ],
    result: "i32",
  },
  /** int eventfd(unsigned int initval, int flags) */
  eventfd: {
    parameters: [
      "u32", // unsigned int initval
      "i32", // int flags
    ],
    result: "i32",
  },
  /** int poll(struct pollfd *fds, nfds_t nfds, int timeout) */
  poll: {
    parameters: [
      "pointer", // struct pollfd *fds
      "u32", // nfds_t nfds
      "i32", // int timeout
    ],
    result: "i32",
  },
  poll_async: {
    name: "poll",
    parameters: [
      "pointer", // struct pollfd *fds
      "u32", // nfds_t nfds
      "i32", // int timeout
    ],
    result: "i32",
    nonblocking: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;
