/** @file trace.h
 *  Reading recorded traces of real kernels (libfprtrace).
 *
 *  Text of ftrace, trace-cmd report and perf script, binary trace.dat, and the native `.fprt`
 *  format; plain, gzip or zstd; streaming in constant memory. Thread safety: one reader belongs to
 *  one thread at a time; different readers never interfere.
 */
#ifndef FPR_TRACE_H
#define FPR_TRACE_H

#include <fpr/clock.h>
#include <fpr/device.h>
#include <fpr/gfp.h>
#include <fpr/machine.h>

/** Kinds of record: X(symbol, event name). Requests, their answers, and what
 *  kernels do behind their users' backs (docs/recording.md). */
#define FPR_TRACE_TYPES(X)                                                                         \
    X(FPR_TRACE_ALLOC, "mm_page_alloc")                                                            \
    X(FPR_TRACE_GOT, "got")                                                                        \
    X(FPR_TRACE_FREE, "mm_page_free")                                                              \
    X(FPR_TRACE_FREE_BATCHED, "mm_page_free_batched")                                              \
    X(FPR_TRACE_ZONE_LOCKED, "mm_page_alloc_zone_locked")                                          \
    X(FPR_TRACE_PCPU_DRAIN, "mm_page_pcpu_drain")                                                  \
    X(FPR_TRACE_EXTFRAG, "mm_page_alloc_extfrag")                                                  \
    X(FPR_TRACE_BULK, "bulk_ret")                                                                  \
    X(FPR_TRACE_BULK_PAGE, "bulk_page")                                                            \
    X(FPR_TRACE_PASS_BEGIN, "process")                                                             \
    X(FPR_TRACE_PASS_END, "process_ret")                                                           \
    X(FPR_TRACE_REPORT, "report")                                                                  \
    X(FPR_TRACE_REPORT_RET, "report_ret")                                                          \
    X(FPR_TRACE_ISOLATE, "isol")                                                                   \
    X(FPR_TRACE_PCP_LOCKED, "pcpfail")                                                             \
    X(FPR_TRACE_FREE_DIRECT, "freeone")                                                            \
    X(FPR_TRACE_NOTIFY, "notify")                                                                  \
    X(FPR_TRACE_DRAIN_ZONE, "drainz")                                                              \
    X(FPR_TRACE_FOLD, "fold")                                                                      \
    X(FPR_TRACE_BALANCE, "balance")                                                                \
    X(FPR_TRACE_BALANCE_END, "balance_ret")                                                        \
    X(FPR_TRACE_COMPACT_BEGIN, "mm_compaction_begin")                                              \
    X(FPR_TRACE_COMPACT_END, "mm_compaction_end")                                                  \
    X(FPR_TRACE_DUMP_BEGIN, "FS_DUMP_BEGIN")                                                       \
    X(FPR_TRACE_DUMP_END, "FS_DUMP_END")                                                           \
    X(FPR_TRACE_MARK, "tracing_mark_write")                                                        \
    X(FPR_TRACE_OTHER, "other")

/** Kinds of record. */
enum fpr_trace_type {
#define FPR_X(symbol, name) symbol, /**< name */
    FPR_TRACE_TYPES(FPR_X)
#undef FPR_X
        FPR_NR_TRACE_TYPES /**< how many */
};

/** Most entries that one REPORT record carries. */
#define FPR_TRACE_MAX_SG 32

/** One record. Fields without meaning for its kind are 0. */
struct fpr_trace_record {
    enum fpr_trace_type type; /**< kind */
    uint8_t context;          /**< 'h' hard interrupt, 's' soft interrupt, '.' task, '?' not known
                                   ('H' as 'h') */
    uint8_t order;            /**< ALLOC FREE ZONE_LOCKED PCPU_DRAIN ISOLATE EXTFRAG(alloc order),
                                   BALANCE (order) */
    uint8_t migratetype;      /**< ALLOC ZONE_LOCKED PCPU_DRAIN EXTFRAG(alloc type), FREE_DIRECT */
    uint16_t cpu;             /**< where it happened */
    uint32_t pid;             /**< of the task */
    fpr_ns time;              /**< trace clock */
    fpr_pfn pfn;   /**< block; FPR_PFN_NONE for a failed ALLOC; COMPACT_BEGIN: zone_start */
    fpr_gfp gfp;   /**< ALLOC, BULK */
    uint32_t nr;   /**< BULK: got - pre; REPORT: entries; BALANCE: highest zone index;
                        EXTFRAG: fallback order; ZONE_LOCKED: percpu_refill;
                        DUMP_*: 0 before, 1 after */
    int32_t value; /**< REPORT_RET: result; EXTFRAG: fallback type;
                        COMPACT_BEGIN/END: 1 async (a direct compactor may capture) */
    const struct fpr_sg *sg; /**< REPORT: entries, valid until the next record is read */
    char text[64];           /**< MARK and OTHER: event or text, cut */
};

/** Formats. */
enum fpr_trace_format {
    FPR_TRACE_AUTO = 0, /**< look at the first bytes and lines */
    FPR_TRACE_FTRACE,   /**< tracefs `trace` and `trace_pipe` */
    FPR_TRACE_PERF,     /**< perf script */
    FPR_TRACE_TRACECMD, /**< trace-cmd report, with -l, -t, -R too */
    FPR_TRACE_DAT,      /**< trace.dat (libtracecmd) */
    FPR_TRACE_NATIVE,   /**< .fprt */
};

/** How to read. Zero-initialise for defaults. */
struct fpr_trace_options {
    enum fpr_trace_format format; /**< default: find out */
    uint64_t vmemmap; /**< base for `page=` addresses of kprobe events; 0: mask as x86-64 */
    bool pfn_decimal; /**< pfn= without 0x is decimal (up to 5.11); default: found by 0x */
};

/** What was found wrong, and where. */
struct fpr_trace_error {
    char file[256];   /**< path */
    uint64_t line;    /**< from 1; record number for binary formats; 0: not about a line */
    char field[32];   /**< field at fault, empty if the whole line */
    char reason[160]; /**< one line */
};

/** What a reader saw so far. */
struct fpr_trace_summary {
    enum fpr_trace_format format;         /**< found */
    uint64_t lines;                       /**< text lines or binary records */
    uint64_t records[FPR_NR_TRACE_TYPES]; /**< by kind */
    uint64_t skipped_lines;               /**< comments, headers, events that are not ours */
    uint64_t lost_events;                 /**< "CPU:n [LOST k EVENTS]" and the like */
    uint64_t cpus_seen;                   /**< highest cpu + 1 */
    fpr_ns first;                         /**< time of the first record */
    fpr_ns last;                          /**< time of the last */
};

/** A reader. Opaque. */
struct fpr_trace;

/** Opens a trace file. @param trace out, untouched on failure
 *  @return 0, -ENOENT, -EINVAL (not a trace, wrong version), -EIO, -ENOMEM, -ENOTSUP (format not
 *  built in); `error` says which. */
FPR_API int fpr_trace_open(const char *path, const struct fpr_trace_options *options,
                           struct fpr_trace **trace, struct fpr_trace_error *error);
/** Closes. NULL is accepted. */
FPR_API void fpr_trace_close(struct fpr_trace *trace);
/** Reads the next record.
 *  @return 1, 0 at the end, -EINVAL (malformed or cut short), -EIO, -ENOMEM; `error` says where.
 *  After a failure it fails for good. */
FPR_API int fpr_trace_next(struct fpr_trace *trace, struct fpr_trace_record *record,
                           struct fpr_trace_error *error);
/** What was seen so far. @return 0, -EINVAL. */
FPR_API int fpr_trace_get_summary(const struct fpr_trace *trace, struct fpr_trace_summary *s);
/** Event name of a kind; NULL for none. */
FPR_API const char *fpr_trace_type_name(enum fpr_trace_type type);

/** @name Native format
 *  Versioned, checksummed, compressed with zstd where built in; may carry named attachments (the
 *  folder's other files: state.before, rss.csv, …), so that one file is a whole recording. @{ */

/** A writer. Opaque. */
struct fpr_trace_writer;
/** Starts a file under a temporary name beside `path`, which takes the place of what is there when
 *  it is complete, of a link too. A process that is ended before leaves the temporary file.
 *  @return 0, -EINVAL (also: a device, pipe or the like is there), -EISDIR, -ENOMEM, or why it
 * could not be made (-EACCES, -ENOENT, -ENOSPC …). */
FPR_API int fpr_trace_writer_open(const char *path, struct fpr_trace_writer **writer,
                                  struct fpr_trace_error *error);
/** Adds an attachment; all must come before the first record. Its name is that of a file in a
 *  recording's folder: no slashes, no dot in front. @return 0, -EINVAL, -EIO, -ENOMEM. */
FPR_API int fpr_trace_writer_attach(struct fpr_trace_writer *writer, const char *name,
                                    const void *data, size_t size);
/** Appends a record. @return 0, -EINVAL (no record that a reader gives), -EIO, -ENOMEM. After the
 *  last two the file cannot be committed any more. */
FPR_API int fpr_trace_writer_put(struct fpr_trace_writer *writer,
                                 const struct fpr_trace_record *record);
/** Adds to the number of events that the source has lost, so that readers of the file hear of it.
 *  @return 0, -EINVAL. */
FPR_API int fpr_trace_writer_lost(struct fpr_trace_writer *writer, uint64_t events);
/** Ends the file, checks that it is written, renames it to its name.
 *  @return 0, -EINVAL (committed already), -EIO, -ENOMEM. */
FPR_API int fpr_trace_writer_commit(struct fpr_trace_writer *writer);
/** Frees; a file that was not committed is removed. NULL is accepted. */
FPR_API void fpr_trace_writer_close(struct fpr_trace_writer *writer);
/** An attachment of an open native trace.
 *  @return 0 and the data (the reader's, until it is closed), -ENOENT, -EINVAL (damaged),
 *  -ENOTSUP (compression not built in), -ENOMEM. */
FPR_API int fpr_trace_attachment(struct fpr_trace *trace, const char *name, const void **data,
                                 size_t *size);
/** @} */

/** @name Recordings
 *  A folder as traces/README.md describes it, a single trace file, or a native file. @{ */

/** One sample of rss.csv. */
struct fpr_rss_sample {
    fpr_ns time;    /**< guest clock (negative times of the file are left out) */
    uint64_t bytes; /**< guest memory resident on the host */
};
/** One report call of reports.txt. */
struct fpr_report_call {
    fpr_ns time;             /**< guest clock */
    const struct fpr_sg *sg; /**< entries; a run that is no single block is cut into blocks */
    unsigned nents;          /**< how many */
};
/** One marker of phases.txt. */
struct fpr_phase {
    fpr_ns time;   /**< guest clock */
    char name[48]; /**< marker */
};
/** All that is known of a recording besides the trace itself. Missing parts are NULL or 0. */
struct fpr_recording {
    char path[512];                  /**< as given */
    char trace_path[512];            /**< the trace file to open */
    char *state_before;              /**< text, NUL-terminated */
    size_t state_before_size;        /**< bytes without the NUL */
    char *state_after;               /**< likewise */
    size_t state_after_size;         /**< likewise */
    char *zoneinfo_before;           /**< /proc/zoneinfo */
    char *pagetypeinfo_before;       /**< /proc/pagetypeinfo */
    uint64_t *kpageflags_before;     /**< one word a frame */
    size_t kpageflags_before_pages;  /**< how many */
    uint64_t *kpageflags_after;      /**< likewise */
    size_t kpageflags_after_pages;   /**< likewise */
    struct fpr_rss_sample *rss;      /**< rising in time */
    size_t nr_rss;                   /**< how many */
    struct fpr_report_call *reports; /**< rising in time */
    size_t nr_reports;               /**< how many */
    struct fpr_phase *phases;        /**< rising in time */
    size_t nr_phases;                /**< how many */
    uint64_t vmemmap;                /**< address of the page structure of frame 0; 0: not known */
    char *command;        /**< the line that made a generated recording; NULL: none did */
    char release[64];     /**< kernel, from state or uname; empty if not known */
    uint64_t lost_events; /**< overrun and dropped of ringbuf.stats */
};
/** Reads everything but the trace. A pipe (anything but a file or a folder) is not looked into, as
 *  it can be read once, and that is for the trace; so nothing but its name is known then, and a
 *  native file through a pipe has no parts. @return 0, -ENOENT, -EINVAL, -EIO, -ENOMEM. */
FPR_API int fpr_recording_open(const char *path, struct fpr_recording **recording,
                               struct fpr_trace_error *error);
/** Names of the files that a recording has beside its trace, by number: those that
 *  fpr_recording_open() knows, and a native file may have attached. Thread safe.
 *  @return the name; NULL: there are no more. */
FPR_API const char *fpr_recording_part(size_t n);
/** Attaches the parts of a recording (all files that fpr_recording_open() knows, decompressed) to a
 *  native file, so that it is a whole recording by itself.
 *  @return number of attachments, -EINVAL (a record was written already), -EIO, -ENOMEM. */
FPR_API int fpr_recording_attach(const struct fpr_recording *recording,
                                 struct fpr_trace_writer *writer, struct fpr_trace_error *error);
/** Frees. NULL is accepted. */
FPR_API void fpr_recording_close(struct fpr_recording *recording);
/** @} */

#endif
