/** @file devices.h
 *  A kit of devices: each is made, asked for its `struct fpr_device`, and registered or put behind
 *  another one. A device that passes batches on keeps only a pointer to the next, which must
 *  outlive it. See host.h for the simulated host, the null device and the recorder.
 *
 *  Thread safety: reports come from one thread at a time, as a reporter makes them. What may be
 *  called meanwhile from other threads says so.
 */
#ifndef FPR_DEVICES_H
#define FPR_DEVICES_H

#include <fpr/clock.h>
#include <fpr/device.h>
#include <fpr/gfp.h>
#include <fpr/host.h>
#include <fpr/profile.h>
#include <fpr/types.h>

/** @name Batches as text
 *  One line a call: seconds, then `pfn:pages` of every entry, decimal, in scatterlist order; a
 *  failed call is followed by a comment line. @{ */

/** Writes one batch. @return 0, what write returned, -EINVAL. */
FPR_API int fpr_batch_write(fpr_ns time, const struct fpr_sg *sg, unsigned nents, int result,
                            fpr_write_fn write, void *ctx);
/** Writes all batches that a recorder keeps. @return 0, what write returned, -EINVAL. */
FPR_API int fpr_recorder_save(const struct fpr_recorder *recorder, fpr_write_fn write, void *ctx);

/** A device that writes each batch as it comes and keeps nothing. Opaque. */
struct fpr_writer;
/** Makes a writer.
 *  @param clock for times; may be NULL (time 0)
 *  @param next  device to pass batches on to, before they are written; may be NULL
 *  @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_writer_create(const struct fpr_clock *clock, const struct fpr_device *next,
                              fpr_write_fn write, void *ctx, struct fpr_writer **writer);
/** Frees it; it must not be registered any more. NULL is accepted. */
FPR_API void fpr_writer_destroy(struct fpr_writer *writer);
/** It as a device. A write that fails never fails a report: the first error is kept and nothing
 *  more is written. @return 0, -EINVAL. */
FPR_API int fpr_writer_device(struct fpr_writer *writer, struct fpr_device *device);
/** @return the first error of `write`, 0 if there was none, -EINVAL. */
FPR_API int fpr_writer_error(const struct fpr_writer *writer);
/** @} */

/** @name Counting
 *  @{ */

/** What a counting device has seen. */
struct fpr_counts {
    uint64_t calls;                   /**< report calls */
    uint64_t failed;                  /**< of these, answered with an error */
    uint64_t entries;                 /**< blocks in them */
    uint64_t pages;                   /**< pages in these */
    uint64_t by_order[FPR_NR_ORDERS]; /**< blocks of each order; larger ones count as the largest */
    unsigned largest_batch;           /**< most entries of one call */
};
/** A device that counts and passes on. Opaque. */
struct fpr_counting;
/** Makes one. @param next may be NULL (accept everything) @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_counting_create(const struct fpr_device *next, struct fpr_counting **counting);
/** Frees it; it must not be registered any more. NULL is accepted. */
FPR_API void fpr_counting_destroy(struct fpr_counting *counting);
/** It as a device; the order wish and the room are the next one's. @return 0, -EINVAL. */
FPR_API int fpr_counting_device(struct fpr_counting *counting, struct fpr_device *device);
/** The counts now; from any thread. @return 0, -EINVAL. */
FPR_API int fpr_counting_get(struct fpr_counting *counting, struct fpr_counts *counts);
/** Sets all counts to 0; from any thread. */
FPR_API void fpr_counting_clear(struct fpr_counting *counting);
/** @} */

/** @name Chain
 *  Several devices told in turn. @{ */

/** A chain. Opaque. */
struct fpr_chain;
/** Makes a chain. The first device that fails ends the call with its error; those behind it are
 *  not told. Its order wish is the largest of theirs, its room the smallest.
 *  @param devices copied pointers; each must outlive the chain; 1 to 1000
 *  @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_chain_create(const struct fpr_device *const *devices, size_t nr_devices,
                             struct fpr_chain **chain);
/** Frees it; it must not be registered any more. NULL is accepted. */
FPR_API void fpr_chain_destroy(struct fpr_chain *chain);
/** It as a device. @return 0, -EINVAL. */
FPR_API int fpr_chain_device(struct fpr_chain *chain, struct fpr_device *device);
/** @} */

/** @name Faults
 *  A device that goes wrong as told, in front of one that does not. @{ */

/** How. Calls are counted from 1; several ways may be set at once. */
struct fpr_fault_config {
    const struct fpr_device *next; /**< gets the calls that do not fail; NULL: they are accepted */
    uint64_t fail_nth;             /**< this call fails; 0 (default): none */
    uint64_t fail_every;           /**< every k-th call fails; 0 (default): none */
    double fail_probability;       /**< each call fails with this probability, 0..1; default 0 */
    uint64_t seed;                 /**< of these draws; one draw a call, whatever else happens */
    int error;                     /**< what a failing call returns, not 0; default -EIO */
    bool fail_late;                /**< a failing call is passed on first: the host has dropped the
                                        blocks, the guest is told otherwise; default false */
    fpr_ns slow;                   /**< each call takes so long; default 0 */
    struct fpr_clock *clock;       /**< whose time that is; NULL (default): real time, which
                                        fpr_fault_release() cuts short */
    uint64_t stuck_from;           /**< from this call on calls hang until released; 0: none */
    void (*on_stuck)(void *ctx);   /**< called as a call begins to hang, without a lock: the place
                                        to release it where there is no other thread; or NULL */
    void *on_stuck_ctx;            /**< its argument */
};
/** Fills the defaults: nothing goes wrong. @return 0, -EINVAL. */
FPR_API int fpr_fault_config_init(struct fpr_fault_config *config);
/** A faulty device. Opaque. */
struct fpr_fault;
/** Makes one. @return 0, -EINVAL, -ENOMEM. */
FPR_API int fpr_fault_create(const struct fpr_fault_config *config, struct fpr_fault **fault);
/** Frees it; it must not be registered any more, and no call may be in it. NULL is accepted. */
FPR_API void fpr_fault_destroy(struct fpr_fault *fault);
/** It as a device. @return 0, -EINVAL. */
FPR_API int fpr_fault_device(struct fpr_fault *fault, struct fpr_device *device);
/** Ends all hanging and slowness, now and later; failures go on as told. From any thread and from
 *  on_stuck. */
FPR_API void fpr_fault_release(struct fpr_fault *fault);
/** Numbers of a faulty device. */
struct fpr_fault_stats {
    uint64_t calls;  /**< so far, the running one included */
    uint64_t failed; /**< failed on purpose */
    uint64_t stuck;  /**< that hung */
    bool hanging;    /**< one hangs now */
};
/** Its numbers; from any thread. @return 0, -EINVAL. */
FPR_API int fpr_fault_get(struct fpr_fault *fault, struct fpr_fault_stats *stats);
/** @} */

/** @name Plugins
 *  A device from a shared object, loaded by path. @{ */

/** Version of the plugin interface; grows with every incompatible change of struct fpr_device,
 *  struct fpr_sg or struct fpr_plugin_device. */
#define FPR_PLUGIN_ABI 1

/** What a plugin fills. */
struct fpr_plugin_device {
    struct fpr_device device; /**< `report` is required */
    void (*close)(void *ctx); /**< called with device.ctx before the object is unloaded; or NULL */
};

/** The one symbol of a plugin. The shared object defines, with C linkage and default visibility,
 *
 *      int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out);
 *
 *  `abi` is FPR_PLUGIN_ABI of the program: refuse with -ENOSYS what you were not compiled for.
 *  `argument` is the text given by the user, never NULL. `out` comes zeroed. Return 0 or a negative
 *  errno. Build it with `cc -shared -fPIC -I.../include my.c -o my.so`; it needs no library. */
#define FPR_PLUGIN_SYMBOL "fpr_plugin_device"

/** A loaded plugin. Opaque. */
struct fpr_plugin;
/** Loads one.
 *  @param path     of the shared object, not empty (-EINVAL); a name without a slash is looked for
 *                  in the current folder
 *  @param argument for the plugin; NULL: empty
 *  @param plugin   out
 *  @param reason   out on failure: one line that names the file, cut to `size`; may be NULL
 *  @return 0, -EINVAL, -ENOENT (cannot be loaded), -ENOSYS (no such symbol, or another ABI),
 *  -ENOMEM, or what the plugin returned (-EINVAL for a positive number). */
FPR_API int fpr_plugin_load(const char *path, const char *argument, struct fpr_plugin **plugin,
                            char *reason, size_t size);
/** Closes and unloads; it must not be registered any more. NULL is accepted. */
FPR_API void fpr_plugin_unload(struct fpr_plugin *plugin);
/** Its device. @return 0, -EINVAL. */
FPR_API int fpr_plugin_get_device(const struct fpr_plugin *plugin, struct fpr_device *device);
/** @} */

/** @name virtio-balloon
 *  The guest's balloon driver and the hypervisor's half of its reporting queue: one chain of
 *  buffers in flight, acknowledged by the host after a while. @{ */

/** Feature bits that reporting depends on (virtio specification, 5.5.3). */
enum fpr_balloon_feature {
    FPR_BALLOON_PAGE_POISON = 1u << 4, /**< the guest tells the host its poison value */
    FPR_BALLOON_REPORTING = 1u << 5,   /**< free page reporting */
};

/** Both sides' settings. */
struct fpr_balloon_config {
    enum fpr_profile profile; /**< guest's driver. v16: reporting is kept although the guest
                                   initialises or checks free pages and the host does not know of
                                   it; linux-5.10 and later give it up */
    unsigned offered;         /**< features that the host offers; default both */
    unsigned ring_size;       /**< descriptors of the reporting queue; default 128, QEMU's has 32 */
    unsigned capacity;        /**< entries of a report of this guest; default 32 */
    unsigned page_shift;      /**< guest's page size; default 12. With 16 the driver of 5.14 and
                                   later asks for order 5 (2 MiB on arm64) */
    bool init_on_free;        /**< guest zeroes pages on free; default false */
    bool page_poisoning;      /**< guest fills free pages and checks them; default false */
    bool poison_with_zero;    /**< with page_poisoning: by zeroes; default false */
    bool poison_unchecked;    /**< with page_poisoning: never checked (PAGE_POISONING_NO_SANITY, up
                                   to 5.10), so the pattern may get lost; default false */
    bool inhibited; /**< host's discards are inhibited at the start (vfio); default false */
    fpr_ns latency; /**< from the kick to the acknowledgement; default 0 */
    struct fpr_clock *clock;       /**< whose time that is; NULL: real time */
    const struct fpr_device *host; /**< who discards, e.g. fpr_host_device(); NULL: nobody */
    void (*on_stall)(void *ctx);   /**< called as a report begins to wait for a stalled host,
                                        without a lock; or NULL */
    void *on_stall_ctx;            /**< its argument */
};
/** Fills the defaults for a guest's kernel. @return 0, -EINVAL. */
FPR_API int fpr_balloon_config_init(struct fpr_balloon_config *config, enum fpr_profile profile);

/** A balloon. Opaque. */
struct fpr_balloon;
/** Negotiates features and probes the device.
 *  @return 0, -EINVAL, -ENOMEM, -ENOSPC (reporting was negotiated and the ring is smaller than the
 *  capacity: the whole probe fails). */
FPR_API int fpr_balloon_create(const struct fpr_balloon_config *config,
                               struct fpr_balloon **balloon);
/** Frees it; it must not be registered any more. NULL is accepted. */
FPR_API void fpr_balloon_destroy(struct fpr_balloon *balloon);
/** It as a device. @return 0, -EINVAL, -ENODEV (reporting was not negotiated). */
FPR_API int fpr_balloon_device(struct fpr_balloon *balloon, struct fpr_device *device);
/** The features that both sides agreed on; 0 for NULL. */
FPR_API unsigned fpr_balloon_features(const struct fpr_balloon *balloon);
/** The poison value that the host was told; 0 without PAGE_POISON. The host discards nothing while
 *  it is not 0, as a discarded page would come back as zeroes. */
FPR_API uint32_t fpr_balloon_poison(const struct fpr_balloon *balloon);

/** Starts or ends inhibiting discards (a vfio device comes or goes): chains are acknowledged, and
 *  the blocks count as reported in the guest, but nothing is discarded. From any thread. */
FPR_API void fpr_balloon_inhibit(struct fpr_balloon *balloon, bool inhibited);
/** The host stops taking chains, or goes on: a report waits meanwhile, its blocks in nobody's
 *  lists. From any thread and from on_stall. */
FPR_API void fpr_balloon_stall(struct fpr_balloon *balloon, bool stalled);
/** The host's queue breaks for good: a waiting report and all later ones fail with -EIO. (The
 *  kernel's driver would wait for ever for the chain in flight.) It does not end a call that hangs
 *  in the configuration's `host`, which is that device's to release. From any thread. */
FPR_API void fpr_balloon_break(struct fpr_balloon *balloon);

/** Numbers of a balloon: X(name, meaning). */
#define FPR_BALLOON_STATS(X)                                                                       \
    X(chains, "chains of buffers put on the queue")                                                \
    X(buffers, "buffers in them")                                                                  \
    X(acked, "chains acknowledged")                                                                \
    X(add_failed, "chains that the queue refused: too long for it, or it is broken")               \
    X(busy, "reports refused because a chain was in flight")                                       \
    X(skipped, "chains acknowledged without discarding: inhibited or poisoned")                    \
    X(discard_errors, "chains whose discard failed on the host, which the guest never learns")     \
    X(stalls, "chains that waited for a stalled host")

/** Numbers of a balloon, see FPR_BALLOON_STATS. */
struct fpr_balloon_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_BALLOON_STATS(FPR_X)
#undef FPR_X
};
/** Its numbers; from any thread. @return 0, -EINVAL. */
FPR_API int fpr_balloon_get_stats(struct fpr_balloon *balloon, struct fpr_balloon_stats *stats);
/** @} */

#endif
