/** Processes, identities, namespaces. See `symbols.ts` for the form. */
export const processSymbols = {
  /** void _exit(int status) */
  _exit: {
    parameters: [
      "i32", // int status
    ],
    result: "void",
  },
  /** pid_t getpid(void) */
  getpid: { parameters: [], result: "i32" },
  /** uid_t getuid(void) */
  getuid: { parameters: [], result: "u32" },
  /** uid_t geteuid(void) */
  geteuid: { parameters: [], result: "u32" },
  /** gid_t getgid(void) */
  getgid: { parameters: [], result: "u32" },
  /** gid_t getegid(void) */
  getegid: { parameters: [], result: "u32" },
  /** int setgroups(size_t size, const gid_t *list) */
  setgroups: {
    parameters: [
      "u32", // size_t size
      "buffer", // const gid_t *list
    ],
    result: "i32",
  },
  /** int setresuid(uid_t ruid, uid_t euid, uid_t suid) */
  setresuid: {
    parameters: [
      "u32", // uid_t ruid
      "u32", // uid_t euid
      "u32", // uid_t suid
    ],
    result: "i32",
  },
  /** int setresgid(gid_t rgid, gid_t egid, gid_t sgid) */
  setresgid: {
    parameters: [
      "u32", // gid_t rgid
      "u32", // gid_t egid
      "u32", // gid_t sgid
    ],
    result: "i32",
  },
  /** int prctl(int op, unsigned long arg2, unsigned long arg3, unsigned long arg4, unsigned long arg5) */
  prctl: {
    parameters: [
      "i32", // int op
      "u32", // unsigned long arg2
      "u32", // unsigned long arg3
      "u32", // unsigned long arg4
      "u32", // unsigned long arg5
    ],
    result: "i32",
  },
  /** int capget(cap_user_header_t hdrp, cap_user_data_t datap) */
  capget: {
    parameters: [
      "buffer", // cap_user_header_t hdrp
      "buffer", // cap_user_data_t datap
    ],
    result: "i32",
  },
  /** int capset(cap_user_header_t hdrp, const cap_user_data_t datap) */
  capset: {
    parameters: [
      "buffer", // cap_user_header_t hdrp
      "buffer", // const cap_user_data_t datap
    ],
    result: "i32",
  },
  /** sighandler_t signal(int signum, sighandler_t handler) */
  signal: {
    parameters: [
      "i32", // int signum
      "u64", // sighandler_t handler
    ],
    result: "u64",
  },
  /** int unshare(int flags) */
  unshare: {
    parameters: [
      "i32", // int flags
    ],
    result: "i32",
  },
  /** int setns(int fd, int nstype) */
  setns: {
    parameters: [
      "i32", // int fd
      "i32", // int nstype
    ],
    result: "i32",
  },

  /** int mount(const char *source, const char *target, const char *filesystemtype, unsigned long flags, const void *data) */
  mount: {
    parameters: [
      "buffer", // const char *source
      "buffer", // const char *target
      "buffer", // const char *filesystemtype
      "u32", // unsigned long mountflags
      "buffer", // const void *data
    ],
    result: "i32",
  },

  /** int posix_spawn(pid_t *pid, const char *path, file_actions, attr, char *const argv[], char *const envp[]) */
  posix_spawn: {
    parameters: [
      "buffer", // pid_t *restrict pid
      "buffer", // const char *restrict path
      "buffer", // const posix_spawn_file_actions_t *restrict file_actions
      "buffer", // const posix_spawnattr_t *restrict attrp
      "buffer", // char *const argv[restrict]
      "buffer", // char *const envp[restrict]
    ],
    result: "i32",
  },
  /** int posix_spawn_file_actions_init(posix_spawn_file_actions_t *file_actions) */
  posix_spawn_file_actions_init: {
    parameters: [
      "buffer", // posix_spawn_file_actions_t *file_actions
    ],
    result: "i32",
  },
  /** int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *file_actions) */
  posix_spawn_file_actions_destroy: {
    parameters: [
      "buffer", // posix_spawn_file_actions_t *file_actions
    ],
    result: "i32",
  },
  /** int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *file_actions, int fd, int newfd) */
  posix_spawn_file_actions_adddup2: {
    parameters: [
      "buffer", // posix_spawn_file_actions_t *file_actions
      "i32", // int fd
      "i32", // int newfd
    ],
    result: "i32",
  },
  /** int posix_spawn_file_actions_addopen(file_actions, int fd, const char *path, int oflag, mode_t mode) */
  posix_spawn_file_actions_addopen: {
    parameters: [
      "buffer", // posix_spawn_file_actions_t *file_actions
      "i32", // int fd
      "buffer", // const char *path
      "i32", // int oflag
      "u32", // mode_t mode
    ],
    result: "i32",
  },
  /** int posix_spawnattr_init(posix_spawnattr_t *attr) */
  posix_spawnattr_init: {
    parameters: [
      "buffer", // posix_spawnattr_t *attr
    ],
    result: "i32",
  },
  /** int posix_spawnattr_destroy(posix_spawnattr_t *attr) */
  posix_spawnattr_destroy: {
    parameters: [
      "buffer", // posix_spawnattr_t *attr
    ],
    result: "i32",
  },
  /** int posix_spawnattr_setflags(posix_spawnattr_t *attr, short flags) */
  posix_spawnattr_setflags: {
    parameters: [
      "buffer", // posix_spawnattr_t *attr
      "i16", // short flags
    ],
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;
