/* fpr-bench replay: one recording, one setting; how right the model was. */
#ifndef BENCH_REPLAY_H
#define BENCH_REPLAY_H

#include <stdio.h>

#include <fpr/devices.h>
#include <fpr/replay.h>

struct json_object;

/* Where a recording is from. */
struct bench_origin {
    const char *path;
    const char *command;                      /* the line that made it; NULL: it was recorded */
    uint64_t lost;                            /* events that the kernel lost */
    bool has_end;                             /* there is a state.after */
    const struct fpr_replay_options *options; /* how it was replayed */
};
/* Reporting is another than was recorded. */
static inline bool bench_what_if(const struct bench_origin *origin)
{
    return !origin->options->as_recorded;
}
/* The result for people. */
void bench_result_text(const struct fpr_replay_result *result, const struct bench_origin *origin,
                       FILE *to);
/* settings.c: how reporting was set. JSON has nothing where it was as recorded. */
void bench_settings_json(struct json_object *json, const struct fpr_replay_options *options);
void bench_settings_csv(FILE *to, const struct fpr_replay_options *options);
void bench_settings_text(FILE *to, const struct fpr_replay_options *options);

/* The files, for bench_out_write(): `replayed` is a struct bench_replayed. */
struct bench_replayed {
    const struct fpr_replay_result *result;
    const struct bench_origin *origin;
};
/* The curves: comments, a header line and one row a sample. */
void bench_replay_csv(FILE *to, const void *replayed);
void bench_replay_json(FILE *to, const void *replayed);
/* One page with the curves. */
void bench_replay_html(FILE *to, const void *replayed);

/* A device loaded by path (fpr_plugin_device() of fpr/devices.h). Ends the program if there is
 * none. */
struct bench_plugin {
    struct fpr_plugin *loaded;
    struct fpr_device device;
};
void bench_plugin_open(struct bench_plugin *plugin, const char *path);
void bench_plugin_close(struct bench_plugin *plugin);

#endif
