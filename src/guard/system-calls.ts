// System calls that a confined program is refused whatever its arguments are, and the numbers of those whose arguments
// are looked at. Numbers are [x86-64, 64-bit ARM] of the kernel's tables; undefined where an architecture has none.

export type Architecture = 'x64' | 'arm64'

type Numbers = readonly [x64: number | undefined, arm64: number | undefined]

/** Why, and which. */
export const REFUSED: readonly { why: string; calls: Readonly<Record<string, Numbers>> }[] = [
  {
    why: 'reads or changes the memory and descriptors of other processes',
    calls: {
      ptrace: [101, 117],
      process_vm_readv: [310, 270],
      process_vm_writev: [311, 271],
      kcmp: [312, 272],
      pidfd_getfd: [438, 438],
      process_madvise: [440, 440],
      process_mrelease: [448, 448],
      move_pages: [279, 239],
      migrate_pages: [256, 238],
    },
  },
  {
    why: 'does in the kernel what no filter of system calls sees, or is mostly used to attack it',
    calls: {
      bpf: [321, 280],
      perf_event_open: [298, 241],
      userfaultfd: [323, 282],
      io_uring_setup: [425, 425],
      io_uring_enter: [426, 426],
      io_uring_register: [427, 427],
      modify_ldt: [154, undefined],
      lookup_dcookie: [212, 18],
      nfsservctl: [180, 42],
    },
  },
  {
    why: 'reaches the keys that the kernel keeps for the user',
    calls: { add_key: [248, 217], request_key: [249, 218], keyctl: [250, 219] },
  },
  {
    why: 'changes the tree of files, opens files without a path, or watches all of them',
    calls: {
      mount: [165, 40],
      umount2: [166, 39],
      pivot_root: [155, 41],
      chroot: [161, 51],
      open_tree: [428, 428],
      move_mount: [429, 429],
      fsopen: [430, 430],
      fsconfig: [431, 431],
      fsmount: [432, 432],
      fspick: [433, 433],
      mount_setattr: [442, 442],
      open_tree_attr: [467, 467],
      open_by_handle_at: [304, 265],
      fanotify_init: [300, 262],
      swapon: [167, 224],
      swapoff: [168, 225],
      quotactl: [179, 60],
      quotactl_fd: [443, 443],
      acct: [163, 89],
    },
  },
  {
    why: 'makes or enters namespaces, in which a user has rights that nobody gave',
    calls: { unshare: [272, 97], setns: [308, 268] },
  },
  {
    why: 'memory and queues that are shared with other programs and are no files',
    calls: {
      shmget: [29, 194],
      msgget: [68, 186],
      semget: [64, 190],
      mq_open: [240, 180],
      mq_unlink: [241, 181],
    },
  },
  {
    why: 'is for who runs the machine',
    calls: {
      reboot: [169, 142],
      kexec_load: [246, 104],
      kexec_file_load: [320, 294],
      init_module: [175, 105],
      finit_module: [313, 273],
      delete_module: [176, 106],
      syslog: [103, 116],
      settimeofday: [164, 170],
      clock_settime: [227, 112],
      sethostname: [170, 161],
      setdomainname: [171, 162],
      iopl: [172, undefined],
      ioperm: [173, undefined],
      vhangup: [153, 58],
    },
  },
]

/** System calls that the filter decides about by their arguments (seccomp.ts). */
export const JUDGED = {
  clone: [56, 220],
  clone3: [435, 435],
  socket: [41, 198],
  socketpair: [53, 199],
  listen: [50, 201],
  sendto: [44, 206],
  sendmsg: [46, 211],
  sendmmsg: [307, 269],
  ioctl: [16, 29],
  prlimit64: [302, 261],
  setrlimit: [160, 164],
  truncate: [76, 45],
  open: [2, undefined],
  creat: [85, undefined],
  openat: [257, 56],
  openat2: [437, 437],
  chmod: [90, undefined],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchmodat2: [452, 452],
  mknod: [133, undefined],
  mknodat: [259, 33],
} as const satisfies Readonly<Record<string, Numbers>>

export type Judged = keyof typeof JUDGED

/** The number of a call on `architecture`, or undefined when there is none. */
export function numberOf([x64, arm64]: Numbers, architecture: Architecture): number | undefined {
  return architecture === 'x64' ? x64 : arm64
}
