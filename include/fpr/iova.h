/** @file iova.h
 *  A map from I/O virtual addresses to this process's memory, answering as Linux's vfio type1
 *  container does (VFIO_IOMMU_MAP_DMA, vfio_dma_rw(), vfio_pin_pages(), VFIO_IOMMU_DIRTY_PAGES),
 *  with reads and writes that need no pin.
 *
 *  A *space* is a container: mappings, pins, dirty bits. Changing it (map, unmap, pin, dirty) takes
 *  its lock; any thread may. Reading and writing memory through it goes through a *reader*, which
 *  one thread at a time uses and which takes no lock: readers run in parallel with each other and
 *  with changes. **A completed unmap guarantees that no read, write or direct pointer of any reader
 *  still touches the range**; it waits for those under way.
 *
 *  Guest memory is written by others at any time. Copies through the map are not atomic, except
 *  that an aligned 8, 16, 32 or 64-bit accessor is one access of the processor.
 *
 *  @par Memory that faults
 *  Nothing is looked at when a mapping is made, as in the kernel for emulated devices: a hole,
 *  read-only memory or memory that is gone is answered with -EFAULT by the call that touches it.
 *  How that is done is enum fpr_iova_guard. Measured (2 vCPU AMD EPYC, 64 bytes, ns): signal 4,
 *  trusted 4, sigsetjmp around memcpy 8, process_vm_readv 3,450; hence the choice.
 *
 *  @par fork()
 *  A child has a copy of each space, of its readers and pins, and the handlers. It may go on using
 *  them all, on its own memory: what is private it sees as it was, what is shared both see, and
 *  memory that it did not inherit (MADV_DONTFORK) is -EFAULT. Map, unmap and discard are its own
 *  too. A direct pointer that the forking thread holds both hold. That is promised where at the
 * time of the fork no other thread was in a call of the space, of its readers or of
 *  fpr_iova_guard_install(), nor held a direct pointer: such a thread is missing in the child,
 * which would wait for it for ever, or may have been copied in the middle of a change; such a child
 * may only run another program or end, which is all that POSIX allows it. (The kernel's container
 *  belongs to the memory of the process that mapped: there a child's vfio_dma_rw() is -EFAULT.)
 */
#ifndef FPR_IOVA_H
#define FPR_IOVA_H

#include <fpr/mem.h>
#include <fpr/types.h>

/** A container. Opaque. */
struct fpr_iova_space;
/** One thread's way in. Opaque. */
struct fpr_iova_reader;

/** Page size of the map, bytes: the smallest size that type1 knows on x86-64. */
#define FPR_IOVA_PAGE_SIZE 4096u
/** Mapping flag: the device may read the memory. Needed for writes too (profile merged). */
#define FPR_IOVA_READ 1u
/** Mapping flag: the device may write the memory. */
#define FPR_IOVA_WRITE 2u
/** Map flag: only give the mapping a new address (hardware-backed containers only). Unmap flag:
 *  only invalidate addresses. */
#define FPR_IOVA_VADDR 4u
/** Unmap flag: report dirty pages of what goes. */
#define FPR_IOVA_UNMAP_DIRTY 1u
/** Unmap flag: everything; iova and size must be 0. */
#define FPR_IOVA_UNMAP_ALL 2u
/** Most pages that one pin or unpin takes. */
#define FPR_IOVA_PIN_MAX 512

/** Which kernel's read/write call. */
enum fpr_iova_profile {
    FPR_IOVA_MERGED = 0, /**< vfio_dma_rw() as merged (5.7) and fixed since; recorded on 6.1 */
    FPR_IOVA_SEED_V1,    /**< vfio_iova_rw() as posted on 3 January 2020: page by page, no check of
                              permission, no dirty bits, the buffer's rest untouched by a fault */
};

/** Unmap semantics of the container. Values are the kernel's VFIO_TYPE1*_IOMMU numbers. */
enum fpr_iova_type {
    FPR_IOVA_TYPE1 = 1,   /**< v1: whole mappings go; no pins, no dirty tracking (-EACCES) */
    FPR_IOVA_TYPE1V2 = 3, /**< v2: an unmap that would bisect a mapping is refused (default) */
};

/** How memory that faults is survived. */
enum fpr_iova_guard {
    FPR_IOVA_GUARD_AUTO = 0, /**< SIGNAL if the handler is installed when the space is made, else
                                  SYSCALL (default). Safe but in a thread that
                                  blocks the signals, see fpr_iova_guard_install() */
    FPR_IOVA_GUARD_SIGNAL,   /**< a copy routine that the handler of fpr_iova_guard_install() can
                                  leave; costs nothing unless it faults. -EINVAL at creation when
                                  the handler is not installed */
    FPR_IOVA_GUARD_SYSCALL,  /**< process_vm_readv/writev: no handler, microseconds a call */
    FPR_IOVA_GUARD_TRUSTED,  /**< the caller promises that mapped memory is there; a fault kills */
};

/** Called without the space's lock when a mapping with pinned pages is about to go: once a
 *  mapping, ascending, with the whole mapping's range. The device must drop all its pins there
 *  (fpr_iova_unpin()) before it returns; it may call anything but unmap and fpr_iova_get(), whose
 *  pointer the unmap would wait for (both -EDEADLK, by any reader of the space).
 *  Models the dma_unmap callback of vfio_device_ops (6.0+; a notifier before). */
typedef void (*fpr_iova_unmap_fn)(void *ctx, struct fpr_iova_space *space, uint64_t iova,
                                  uint64_t size);

/** A run of IOVAs, both ends included. */
struct fpr_iova_range {
    uint64_t first; /**< first byte */
    uint64_t last;  /**< last byte */
};

/** How to build a space. Fill it with fpr_iova_config_init(), then change single fields. */
struct fpr_iova_config {
    enum fpr_iova_profile profile; /**< which read/write call */
    enum fpr_iova_type type;       /**< v1 or v2; default v2 */
    uint64_t entry_limit;  /**< most mappings; default 65,535 (dma_entry_limit); 0 allowed */
    uint64_t locked_limit; /**< most pinned pages; default UINT64_MAX (RLIMIT_MEMLOCK) */
    bool capable;          /**< mappings are exempt from locked_limit, decided when they are made
                                (CAP_IPC_LOCK); default true */
    bool broken_top;  /**< compatibility (both profiles: on): as before 6.18 a mapping that ends at
                           2^64 is accepted, never found, and hides others from unmap as the kernel's
                           tree has it; dirty bitmaps leave it out. An ordinary mapping that covers
                           its first byte is found here always, there not always. Of several that
                           begin at one address the newest comes first. If more than 131,072 changes
                           went before the first such mapping, the tree is taken to be one that was
                           filled in ascending order. Off: it works */
    bool stale_dirty; /**< compatibility (both profiles: on): dirty bitmaps are shifted in place as
                           5.8–6.12 do, which leaves false positives behind when a mapping does not
                           begin on a multiple of 64 pages of the request. Off: exact bits */
    bool wrap_overflow; /**< compatibility (both profiles: off): as from 6.18 a range that wraps is
                             -EOVERFLOW, tested before alignment, and a pin count below 1 -EINVAL */
    bool emulated;      /**< an emulated (mediated) device is in the container; default true */
    bool hardware; /**< a hardware-backed group too: memory is pinned while it is mapped (also with
                        its address invalidated, and at its new address then), every page is always
                        dirty; default false */
    const struct fpr_iova_range *ranges; /**< hardware: valid IOVAs, ascending; NULL: all. Copied */
    unsigned nranges;                    /**< how many */
    fpr_iova_unmap_fn unmap;   /**< the device's callback; NULL: no device, pins are refused */
    void *unmap_ctx;           /**< its first argument */
    bool notify_all;           /**< tell of every mapping that goes, pinned or not; default false */
    enum fpr_iova_guard guard; /**< default FPR_IOVA_GUARD_AUTO */
    const struct fpr_mem_ops *mem; /**< where metadata comes from; NULL: fpr_mem_default() */
};

/** Counters: X(name, meaning). All count since the space was made. */
#define FPR_IOVA_STATS(X)                                                                          \
    X(maps, "mappings made")                                                                       \
    X(map_failures, "map calls refused")                                                           \
    X(unmaps, "mappings removed")                                                                  \
    X(lookups, "searches of the tree by reads and writes")                                         \
    X(reads, "read calls")                                                                         \
    X(writes, "write calls")                                                                       \
    X(read_bytes, "bytes copied out of mapped memory")                                             \
    X(written_bytes, "bytes copied into mapped memory")                                            \
    X(refused, "reads and writes answered with an error")                                          \
    X(faults, "chunks of reads and writes that faulted")                                           \
    X(direct, "direct pointers handed out")                                                        \
    X(pins, "references taken on pages")                                                           \
    X(unpins, "references dropped")                                                                \
    X(notifications, "calls of the device's unmap callback")                                       \
    X(discarded_pinned, "pages of memory discarded under a pin: devices keep the old frame")       \
    X(dirty_queries, "dirty bitmaps read")                                                         \
    X(grace_waits, "times that a change waited for readers")                                       \
    X(barriers, "of them with a system-wide barrier (membarrier)")

/** Counters of a space, see FPR_IOVA_STATS. */
struct fpr_iova_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_IOVA_STATS(FPR_X)
#undef FPR_X
};

/** @name Space
 *  @{ */

/** Fills the defaults of a profile.
 *  @param config  out
 *  @param profile which kernel's call
 *  @return 0, -EINVAL. Thread safe. */
FPR_API int fpr_iova_config_init(struct fpr_iova_config *config, enum fpr_iova_profile profile);

/** Name of a profile: "merged", "seed-v1". @return static text, NULL if unknown. Thread safe. */
FPR_API const char *fpr_iova_profile_name(enum fpr_iova_profile profile);

/** Finds a profile by its name.
 *  @param name    as fpr_iova_profile_name() gives it
 *  @param profile out, untouched on failure
 *  @return 0, -EINVAL. Thread safe. */
FPR_API int fpr_iova_profile_from_name(const char *name, enum fpr_iova_profile *profile);

/** Makes an empty space. Models opening a container and VFIO_SET_IOMMU.
 *  @param config copied
 *  @param space  out
 *  @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_iova_space_create(const struct fpr_iova_config *config,
                                  struct fpr_iova_space **space);

/** Frees it with all mappings and pins (nobody is told). Does nothing while it has readers, and to
 *  a guest's. NULL is accepted. */
FPR_API void fpr_iova_space_destroy(struct fpr_iova_space *space);

/** What VFIO_IOMMU_GET_INFO tells. */
struct fpr_iova_info {
    enum fpr_iova_type type;   /**< v1 or v2 (not the kernel's) */
    uint32_t flags;            /**< 3: page sizes and capabilities are there */
    uint64_t page_sizes;       /**< bit mask of sizes */
    uint64_t dirty_page_sizes; /**< bit mask of bitmap page sizes */
    uint64_t max_bitmap_bytes; /**< largest dirty bitmap */
    uint64_t avail;            /**< mappings that may still be made */
    uint64_t mappings;         /**< mappings there are (not the kernel's) */
    uint64_t locked;           /**< pages charged to locked_vm: see fpr_iova_locked_pages() */
    unsigned nranges;          /**< valid IOVA ranges, see fpr_iova_get_range() */
};
/** @return 0, -EINVAL. Thread safe. */
FPR_API int fpr_iova_get_info(struct fpr_iova_space *space, struct fpr_iova_info *info);

/** The i-th valid IOVA range. @return 0, -EINVAL. Thread safe. */
FPR_API int fpr_iova_get_range(struct fpr_iova_space *space, unsigned i,
                               struct fpr_iova_range *range);

/** VFIO_CHECK_EXTENSION. @param extension 1 type1, 3 v2, 4 DMA_CC, 9 UNMAP_ALL, 10 UPDATE_VADDR
 *  @return 1 or 0, -EINVAL. Thread safe. */
FPR_API int fpr_iova_check_extension(struct fpr_iova_space *space, unsigned extension);

/** Changes what later pins and mappings are held to: setrlimit(RLIMIT_MEMLOCK), capabilities.
 *  @param pages   most pinned pages, UINT64_MAX: no limit
 *  @param capable mappings made from now on are exempt
 *  @return 0, -EINVAL. Thread safe. */
FPR_API int fpr_iova_set_locked_limit(struct fpr_iova_space *space, uint64_t pages, bool capable);

/** Opens a device, so that pages can be pinned; NULL closes it (its pins stay until they are
 * dropped or the space goes). The same as the config's fields.
 *  @param unmap the device's callback
 *  @param ctx   its first argument
 *  @return 0, -EINVAL. Thread safe. */
FPR_API int fpr_iova_set_device(struct fpr_iova_space *space, fpr_iova_unmap_fn unmap, void *ctx);

/** Counters. @return 0, -EINVAL. Thread safe. */
FPR_API int fpr_iova_get_stats(struct fpr_iova_space *space, struct fpr_iova_stats *stats);

/** Recomputes the space's own invariants (order, overlaps, counts, pins).
 *  @param reason out: which one fails, static text; may be NULL
 *  @return 0, -EUCLEAN, -EINVAL. Thread safe; O(mappings). */
FPR_API int fpr_iova_space_validate(struct fpr_iova_space *space, const char **reason);

/** Calls visit for every mapping, ascending, with the lock held: visit may read and write memory,
 * but calls that need the lock are -EDEADLK from it, and change nothing.
 *  @return 0, what visit returned when not 0, -EINVAL. */
FPR_API int fpr_iova_walk(struct fpr_iova_space *space,
                          int (*visit)(void *ctx, uint64_t iova, uint64_t size, uint64_t vaddr,
                                       unsigned prot),
                          void *ctx);
/** @} */

/** @name Map and unmap
 *  Models VFIO_IOMMU_MAP_DMA and VFIO_IOMMU_UNMAP_DMA of 6.1; checks in the kernel's order. @{ */

/** Adds a mapping.
 *  @param iova  first I/O virtual address, a multiple of 4096
 *  @param size  bytes, a multiple of 4096, not 0
 *  @param vaddr address in this process; not looked at (unless hardware)
 *  @param flags FPR_IOVA_READ, FPR_IOVA_WRITE, or FPR_IOVA_VADDR alone
 *  @return 0; -EINVAL (arguments; too large for tracking); -EOVERFLOW (wrap_overflow); -EEXIST
 *          (overlap); -ENOSPC (limit); -ENOENT (VADDR); -EFAULT (hardware); -EDEADLK (VADDR, and
 *          the calling thread holds a direct pointer); -ENOMEM. O(log n). */
FPR_API int fpr_iova_map(struct fpr_iova_space *space, uint64_t iova, uint64_t size, uint64_t vaddr,
                         unsigned flags);

/** A dirty bitmap of the caller: bit k of word w is page 64 w + k of the range asked for. */
struct fpr_iova_bitmap {
    uint64_t pgsize; /**< bytes a bit, 4096 */
    uint64_t size;   /**< bytes of data */
    uint64_t *data;  /**< words; those that a mapping touches are overwritten (with stale_dirty
                         the first of a mapping that begins inside a word keeps its bits) */
};

/** Removes mappings, waiting until no reader touches them.
 *  @param iova     first address
 *  @param size     bytes
 *  @param flags    0, FPR_IOVA_UNMAP_ALL, FPR_IOVA_UNMAP_DIRTY or FPR_IOVA_VADDR
 *  @param bitmap   with FPR_IOVA_UNMAP_DIRTY, else NULL
 *  @param unmapped out: bytes unmapped; may be NULL; untouched on failure, also on one that comes
 *                  late and leaves what went before removed: fpr_iova_walk() tells what is left
 *  @return 0 (also when nothing was there); -EINVAL (arguments; v2: would bisect a mapping);
 *          -EOVERFLOW; -EBUSY (VADDR with an emulated device, or the device kept its pins after
 *          being told 10 times, where the kernel would BUG); -EDEADLK (the calling thread holds a
 *          direct pointer, or is in the device's unmap callback); -ENOMEM (VADDR). When a
 *          device was called, -EBUSY and -EINVAL leave what went before removed. */
FPR_API int fpr_iova_unmap_flags(struct fpr_iova_space *space, uint64_t iova, uint64_t size,
                                 unsigned flags, struct fpr_iova_bitmap *bitmap,
                                 uint64_t *unmapped);

/** fpr_iova_unmap_flags() without flags. @return as fpr_iova_unmap_flags(). */
FPR_API int fpr_iova_unmap(struct fpr_iova_space *space, uint64_t iova, uint64_t size,
                           uint64_t *unmapped);

/** fpr_iova_unmap_flags() with FPR_IOVA_UNMAP_ALL. @return as fpr_iova_unmap_flags(). */
FPR_API int fpr_iova_unmap_all(struct fpr_iova_space *space, uint64_t *unmapped);

/** fpr_iova_unmap_flags() with FPR_IOVA_UNMAP_DIRTY. @return as fpr_iova_unmap_flags(). */
FPR_API int fpr_iova_unmap_dirty(struct fpr_iova_space *space, uint64_t iova, uint64_t size,
                                 struct fpr_iova_bitmap *bitmap, uint64_t *unmapped);
/** @} */

/** @name Read and write without pinning
 *  A reader is used by one thread at a time. @{ */

/** Makes a reader. @return 0, -EINVAL, -ENOMEM. Thread safe. */
FPR_API int fpr_iova_reader_create(struct fpr_iova_space *space, struct fpr_iova_reader **reader);

/** Frees it; a direct pointer that it holds is given back. NULL is accepted. */
FPR_API void fpr_iova_reader_destroy(struct fpr_iova_reader *reader);

/** The kernel's call: copies between a buffer and mapped memory, over any number of mappings. On
 *  an error what precedes the failing chunk has been copied and cannot be told apart.
 *  @param reader who
 *  @param iova   first address; no alignment rule
 *  @param data   the buffer; must be there: one that is not may end the process
 *  @param len    bytes
 *  @param write  true: buffer to memory
 *  @return merged: 0; -EINVAL (no data, len 0, hole); -EPERM (WRITE missing for a write, READ
 *          missing for either); -EFAULT (memory, or a chunk above INT_MAX); -EBUSY (a mapping's
 *          address is invalidated). What goes on past 2^64 meets a hole there (-EINVAL), with
 *          `wrap_overflow` too. A chunk is what lies in one mapping; a faulting read zeroes
 *          its rest, a faulting write sets no dirty bit for it. seed-v1: 0; -EINVAL; -EFAULT. */
FPR_API int fpr_iova_rw(struct fpr_iova_reader *reader, uint64_t iova, void *data, size_t len,
                        bool write);

/** fpr_iova_rw() that tells how far it got.
 *  @param done out: bytes really copied, from the start; also on failure; may be NULL
 *  @return as fpr_iova_rw(). */
FPR_API int fpr_iova_rw_progress(struct fpr_iova_reader *reader, uint64_t iova, void *data,
                                 size_t len, bool write, size_t *done);

/** One piece of a vectored access. */
struct fpr_iova_vec {
    uint64_t iova; /**< first address */
    void *data;    /**< the buffer */
    size_t len;    /**< bytes; 0 is skipped */
};

/** Many pieces in one call, in order, until one fails.
 *  @param vec   pieces
 *  @param n     how many
 *  @param write true: buffers to memory
 *  @param done  out: bytes copied in all; may be NULL
 *  @return as fpr_iova_rw(). */
FPR_API int fpr_iova_rwv(struct fpr_iova_reader *reader, const struct fpr_iova_vec *vec, size_t n,
                         bool write, size_t *done);

/** A pointer to the memory itself, for a range that lies in one mapping. It stays good until
 *  fpr_iova_put(): until then every unmap waits. A reader holds one pointer at a time (reads and
 *  writes may go on meanwhile; of the space's other functions its thread may call none that change
 *  or ask the space: whoever unmaps has the lock and waits for the pointer. Those that may wait for
 *  it themselves, fpr_iova_unmap() and the like, fpr_iova_map() with FPR_IOVA_VADDR,
 *  fpr_iova_dirty_start() and fpr_iova_dirty_stop(), always return -EDEADLK, also when there is
 *  nothing to wait for). The thread that took it gives it back. Touching it is not guarded: memory
 *  that is not there faults.
 *  @param reader who
 *  @param iova   first address
 *  @param len    bytes, not 0
 *  @param prot   what it will be used for, FPR_IOVA_READ and/or FPR_IOVA_WRITE; with WRITE the
 *                pages are marked dirty by fpr_iova_put()
 *  @param ptr    out
 *  @return 0; -EINVAL (arguments; the first address is in a hole); -ENOTSUP (the range reaches past
 *          the first address's mapping, into another or a hole); -EPERM (merged; seed-v1 asks for
 * no permission, as its rw); -EBUSY (the reader holds one; address invalidated); -EDEADLK (in the
 * device's unmap callback); -EFAULT (not a user address). */
FPR_API int fpr_iova_get(struct fpr_iova_reader *reader, uint64_t iova, size_t len, unsigned prot,
                         void **ptr);

/** Gives the pointer back. @return 0, -EINVAL (none held). */
FPR_API int fpr_iova_put(struct fpr_iova_reader *reader);

/** Accessors in this machine's byte order. A naturally aligned one is a single access.
 *  @param iova  address
 *  @param value out, untouched on failure
 *  @return as fpr_iova_rw(). */
FPR_API int fpr_iova_read8(struct fpr_iova_reader *reader, uint64_t iova, uint8_t *value);
/** See fpr_iova_read8(). @return as fpr_iova_rw(). */
FPR_API int fpr_iova_read16(struct fpr_iova_reader *reader, uint64_t iova, uint16_t *value);
/** See fpr_iova_read8(). @return as fpr_iova_rw(). */
FPR_API int fpr_iova_read32(struct fpr_iova_reader *reader, uint64_t iova, uint32_t *value);
/** See fpr_iova_read8(). @return as fpr_iova_rw(). */
FPR_API int fpr_iova_read64(struct fpr_iova_reader *reader, uint64_t iova, uint64_t *value);
/** See fpr_iova_read8(). @return as fpr_iova_rw(). */
FPR_API int fpr_iova_write8(struct fpr_iova_reader *reader, uint64_t iova, uint8_t value);
/** See fpr_iova_read8(). @return as fpr_iova_rw(). */
FPR_API int fpr_iova_write16(struct fpr_iova_reader *reader, uint64_t iova, uint16_t value);
/** See fpr_iova_read8(). @return as fpr_iova_rw(). */
FPR_API int fpr_iova_write32(struct fpr_iova_reader *reader, uint64_t iova, uint32_t value);
/** See fpr_iova_read8(). @return as fpr_iova_rw(). */
FPR_API int fpr_iova_write64(struct fpr_iova_reader *reader, uint64_t iova, uint64_t value);

/** Installs the process-wide SIGSEGV and SIGBUS handlers that FPR_IOVA_GUARD_SIGNAL needs. Faults
 *  that are not ours go to the handlers that were there, as the kernel would call them: with their
 *  sa_mask and the signal itself blocked (not with SA_NODEFER), once and then the default with
 *  SA_RESETHAND, with or without SA_SIGINFO; a signal that is sent stays ignored if it was, and
 *  SA_RESTART is theirs. Not as before: they run on the alternate stack of a thread that has one,
 *  also without SA_ONSTACK (and on the normal one if it has none); sigaction() tells of our
 * handler; between our handler's entry and theirs nothing of their mask is blocked, so that a
 * signal in between comes first; a call that restarts for no handler (poll() and the like) ends
 * with EINTR when a signal is sent that was ignored. A thread that blocks SIGSEGV or SIGBUS is
 * ended with the process by a fault, as by any other handler: it uses FPR_IOVA_GUARD_SYSCALL. Who
 * chains on us, and then installs us again, has us before and behind: what was there before the
 * first install is forgotten. Counted: as many removals as installs.
 *  @return 0, -EINVAL (sigaction's). Thread safe. */
FPR_API int fpr_iova_guard_install(void);

/** Undoes one install; the last puts the former handlers back, unless someone chained behind us.
 *  No space with FPR_IOVA_GUARD_SIGNAL may be in use. @return 0, -EINVAL (not installed). */
FPR_API int fpr_iova_guard_remove(void);
/** @} */

/** @name Pins, for contrast
 *  Models vfio_pin_pages()/vfio_unpin_pages() (6.0+: contiguous ranges). @{ */

/** Takes one reference on each page.
 *  @param iova   in the first page: what it is past the page's first byte does not count
 *  @param npages 1..512
 *  @param prot   what the device wants; must be within the mapping's; 0 always passes
 *  @param pages  out, untouched on failure: where each page's frame is seen. A page that was
 *                discarded after it was first pinned (fpr_iova_discard()) gives the old frame
 *  @return npages; -EINVAL (arguments, hole, no device callback, not `emulated`); -E2BIG; -EACCES
 * (v1); -EBUSY (an address is invalidated); -EPERM; -EFAULT; -ENOMEM (locked limit, memory). On
 *          failure no reference is kept, but dirty bits stay set. Thread safe. */
FPR_API int fpr_iova_pin(struct fpr_iova_space *space, uint64_t iova, int64_t npages, unsigned prot,
                         void **pages);

/** Drops one reference on each page; pages without one are passed over, the first page without a
 *  mapping ends it. Counts below 1 or above 512 do nothing.
 *  @return pages looked at (the kernel's call returns nothing), -EINVAL. Thread safe. */
FPR_API int fpr_iova_unpin(struct fpr_iova_space *space, uint64_t iova, int64_t npages);

/** Drops every reference on every page of a range: what a simple device does when told of an
 *  unmap. @return pages that lost their pin, -EINVAL. Thread safe. */
FPR_API int64_t fpr_iova_unpin_range(struct fpr_iova_space *space, uint64_t iova, uint64_t size);

/** Pages charged to locked_vm: distinct pinned pages of each mapping (hardware: its size). It
 * counts pins: memory that is pinned through two mappings counts twice, and so do frames that only
 * devices have since a discard. For memory see fpr_iova_pinned_in(). 0 from a visitor of
 * fpr_iova_walk().
 */
FPR_API uint64_t fpr_iova_locked_pages(struct fpr_iova_space *space);

/** Is any page of this memory pinned (through any mapping; in a hardware-backed container by being
 *  mapped)? What reporting asks before it takes a block. Memory that wraps ends with the address
 *  space. Never waits for a reader.
 *  @return true or false. Thread safe; O(len / 256 KiB), at most O(pinned pages), and O(log
 *          mappings) in a hardware-backed container. */
FPR_API bool fpr_iova_is_pinned(struct fpr_iova_space *space, const void *addr, size_t len);

/** How many pages of this memory are pinned: each counts once, however many mappings pin it. As
 *  fpr_iova_is_pinned(); in a hardware-backed container also O(mappings of this memory). */
FPR_API uint64_t fpr_iova_pinned_in(struct fpr_iova_space *space, const void *addr, size_t len);

/** Tells the map that this memory is about to be discarded (MADV_DONTNEED, a report). Pinned
 *  pages keep their old frame for the device, as in the kernel: the content is saved, and from
 *  then on the device and the owner see different memory. That is the hazard of pinning: it is
 *  counted (stats: discarded_pinned). A page that several mappings pin is one page, and one old
 *  frame for all of them. What hardware pinned by being mapped is no longer pinned where it was:
 * the frame there is a new one.
 *  @return pinned pages hit, each once; -EINVAL; -ENOMEM (nothing was saved). Thread safe. */
FPR_API int64_t fpr_iova_discard(struct fpr_iova_space *space, const void *addr, size_t len);
/** @} */

/** @name Dirty pages
 *  Models VFIO_IOMMU_DIRTY_PAGES (5.8+). Set by writes through the map and by new pins; never by
 *  the owner's own stores. v1 containers: -EACCES. @{ */

/** Starts tracking, with pinned pages dirty; does nothing when it is on.
 *  @return 0, -EINVAL (a mapping of 2^31 pages or more), -EACCES, -ENOMEM, -EDEADLK (the calling
 *          thread holds a direct pointer, whether tracking is on or not). */
FPR_API int fpr_iova_dirty_start(struct fpr_iova_space *space);

/** Stops it and forgets; does nothing when it is off. @return 0, -EACCES, -EINVAL, -EDEADLK (as
 *  fpr_iova_dirty_start()). */
FPR_API int fpr_iova_dirty_stop(struct fpr_iova_space *space);

/** Reads and clears the dirty bits of a range; pinned pages become dirty again.
 *  @param iova   first address
 *  @param size   bytes
 *  @param bitmap where to; only words that a mapping touches are written
 *  @return 0; -EACCES; -EINVAL (arguments, tracking off, an end bisects a mapping). */
FPR_API int fpr_iova_dirty_get(struct fpr_iova_space *space, uint64_t iova, uint64_t size,
                               struct fpr_iova_bitmap *bitmap);
/** @} */

/** @name The calls in their ioctl shape
 *  With the kernel's argsz and flags, and its checks of them; structures as in linux/vfio.h. @{ */

/** struct vfio_iommu_type1_dma_map */
struct fpr_iova_ioctl_map {
    uint32_t argsz; /**< at least 32 */
    uint32_t flags; /**< FPR_IOVA_READ, FPR_IOVA_WRITE, FPR_IOVA_VADDR */
    uint64_t vaddr; /**< address in this process */
    uint64_t iova;  /**< first I/O virtual address */
    uint64_t size;  /**< bytes */
};
/** VFIO_IOMMU_MAP_DMA. @return as fpr_iova_map(). */
FPR_API int fpr_iova_ioctl_map_dma(struct fpr_iova_space *space,
                                   const struct fpr_iova_ioctl_map *map);

/** struct vfio_iommu_type1_dma_unmap; the bitmap follows at offset 24. */
struct fpr_iova_ioctl_unmap {
    uint32_t argsz;                /**< at least 24; 48 with a bitmap */
    uint32_t flags;                /**< FPR_IOVA_UNMAP_*, FPR_IOVA_VADDR */
    uint64_t iova;                 /**< first address */
    uint64_t size;                 /**< in: bytes; out on success: bytes unmapped */
    struct fpr_iova_bitmap bitmap; /**< looked at with FPR_IOVA_UNMAP_DIRTY only */
};
/** VFIO_IOMMU_UNMAP_DMA. @return as fpr_iova_unmap_flags(). */
FPR_API int fpr_iova_ioctl_unmap_dma(struct fpr_iova_space *space,
                                     struct fpr_iova_ioctl_unmap *unmap);

/** struct vfio_iommu_type1_dirty_bitmap with its _get. */
struct fpr_iova_ioctl_dirty {
    uint32_t argsz;                /**< at least 8; 48 for get */
    uint32_t flags;                /**< exactly one of 1 start, 2 stop, 4 get */
    uint64_t iova;                 /**< get: first address */
    uint64_t size;                 /**< get: bytes */
    struct fpr_iova_bitmap bitmap; /**< get: where to */
};
/** VFIO_IOMMU_DIRTY_PAGES. @return as fpr_iova_dirty_get(). */
FPR_API int fpr_iova_ioctl_dirty_pages(struct fpr_iova_space *space,
                                       struct fpr_iova_ioctl_dirty *dirty);
/** @} */

#endif
