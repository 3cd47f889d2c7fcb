/* The verdict alone, for those who replay what was never imported. */
#include <errno.h>
#include <stdlib.h>

#include "cli.h"
#include "import/import.h"
#include "stop.h"

static int follow(struct fpr_trace *trace, struct import_check *check, const volatile int *stop,
                  struct fpr_trace_error *error)
{
    struct fpr_trace_record record;
    int got;
    while ((got = fpr_trace_next(trace, &record, error)) > 0) {
        if (stop && bench_stopped(stop)) {
            return -EINTR;
        }
        import_check_record(check, &record);
    }
    return got;
}

static void tell(const struct fpr_recording *rec, const struct fpr_trace_summary *summary,
                 const struct import_losses *losses, struct import_verdict *verdict)
{
    size_t size = 0;
    FILE *to = open_memstream(&verdict->text, &size);
    if (!to) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    import_lacks(rec, summary, losses, to);
    if (fclose(to)) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    verdict->good_for = import_good_for(rec, summary, losses);
}

static int judge(const struct fpr_recording *rec, const struct fpr_trace_options *options,
                 const volatile int *stop, struct import_verdict *verdict,
                 struct fpr_trace_error *error)
{
    struct fpr_trace *trace = NULL;
    struct fpr_trace_summary summary;
    struct import_losses losses;
    struct fpr_trace_options wanted = *options;
    wanted.vmemmap = rec->vmemmap;
    int err = fpr_trace_open(rec->trace_path, &wanted, &trace, error);
    if (err) {
        return err;
    }
    struct import_check *check = import_check_new(rec);
    err = follow(trace, check, stop, error);
    fpr_trace_get_summary(trace, &summary);
    fpr_trace_close(trace);
    import_check_end(check, &summary, &losses);
    if (!err) {
        tell(rec, &summary, &losses, verdict);
    }
    return err;
}

int import_judge(const char *path, const struct fpr_trace_options *options,
                 const volatile int *stop, struct import_verdict *verdict)
{
    struct fpr_recording *rec = NULL;
    struct fpr_trace_error error;
    int err = fpr_recording_open(path, &rec, &error);
    if (err) {
        return err;
    }
    if (import_is_stream(rec->trace_path)) {
        err = -ESPIPE;
    } else {
        err = judge(rec, options, stop, verdict, &error);
    }
    fpr_recording_close(rec);
    return err;
}
