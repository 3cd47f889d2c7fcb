/* fpr-bench replay: one recording, one setting; how right the model was. */
#ifndef BENCH_REPLAY_H
#define BENCH_REPLAY_H

#include <stdio.h>

#include <fpr/devices.h>
#include <fpr/replay.h>

struct json_object;

/* The result as the JSON document that DESIGN names the keys of. */
struct json_object *bench_result_json(const struct fpr_replay_result *result);
/* Where a recording is from. */
struct bench_origin {
    const char *path;
    const char *command; /* the line that made it; NULL: it was recorded */
    uint64_t lost;       /* events that the kernel lost */
    bool has_end;        /* there is a state.after */
    bool what_if;        /* reporting is another than was recorded */
};
/* The same for people. */
void bench_result_text(const struct fpr_replay_result *result, const struct bench_origin *origin,
                       FILE *to);
/* The curves: a header line and one row a sample. */
void bench_curve_csv(const struct fpr_replay_result *result, const char *path, FILE *to);
/* One page with the curves. */
void bench_replay_html(const struct fpr_replay_result *result, const struct bench_origin *origin,
                       FILE *to);

/* A device loaded by path (fpr_plugin_device() of fpr/devices.h). Ends the program if there is
 * none. */
struct bench_plugin {
    struct fpr_plugin *loaded;
    struct fpr_device device;
};
void bench_plugin_open(struct bench_plugin *plugin, const char *path);
void bench_plugin_close(struct bench_plugin *plugin);

#endif
